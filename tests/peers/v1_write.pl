# Write tests with Perl's functions for it, text between them.
use strict;
use warnings;
use Subunit;

$ENV{TZ} = "UTC";
print "before\n";
Subunit::progress(4);
Subunit::report_time(1784116800);
Subunit::start_test("perl passes");
Subunit::end_test("perl passes", "success");
Subunit::progress_push();
Subunit::start_test("perl fails");
print "in a test\n";
Subunit::fail_test("perl fails", "line one\nline two\n");
Subunit::progress_pop();
Subunit::report_time(1784116801);
Subunit::start_test("perl skips");
Subunit::skip_test("perl skips", "why\n");
Subunit::start_test("perl xfails");
Subunit::xfail_test("perl xfails", "known\n");
Subunit::start_test("perl is interrupted");
Subunit::start_test("perl dies");
print "after\n";
