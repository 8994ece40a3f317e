/* Tests of libcheck, one of which crashes, in its subunit output. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

START_TEST(passes)
{
    printf("hello\n");
    fflush(stdout);
}
END_TEST

START_TEST(fails)
{
    ck_assert_int_eq(1, 2);
}
END_TEST

START_TEST(crashes)
{
    raise(SIGSEGV);
}
END_TEST

START_TEST(exits)
{
    exit(3);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("suite");
    TCase *tcase = tcase_create("core");
    SRunner *runner = srunner_create(suite);
    int failed;

    (void) argv;
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, passes);
    tcase_add_test(tcase, fails);
    tcase_add_test(tcase, crashes);
    tcase_add_test(tcase, exits);
    /* With an argument a crash is that of the whole program. */
    srunner_set_fork_status(runner, argc > 1 ? CK_NOFORK : CK_FORK);
    printf("before\n");
    fflush(stdout);
    srunner_run_all(runner, CK_SUBUNIT);
    failed = srunner_ntests_failed(runner);
    printf("%d failed\n", failed);
    srunner_free(runner);
    return failed > 0;
}
