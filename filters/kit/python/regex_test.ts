import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { peerTest, run, text as decode } from "../../../tests/support/run.ts";
import { UsageError } from "../errors.ts";
import { pythonRegex, pythonSubstitute } from "./regex.ts";

const SEED = 20130814;
const GENERATED_CASES = 5000;

/** Where a match begins and ends, in code points. */
type Span = readonly [start: number, end: number];

/** A pattern, a text, and where it is found first. */
type Search = readonly [pattern: string, text: string, span: Span | null];

const LITERALS: readonly Search[] = [
  ["", "a", [0, 0]],
  ["a", "ba", [1, 2]],
  ["b|a", "ab", [0, 1]],
  ["a|", "ba", [0, 0]],
  ["é", "aé", [1, 2]],
  ["😀", "a😀", [1, 2]],
  ["x", "😀x", [1, 2]],
  ["😀+", "😀😀", [0, 2]],
  [".", "😀", [0, 1]],
  ["a/b", "a/b", [0, 3]],
  ["]", "a]", [1, 2]],
  ["}", "a}", [1, 2]],
  ["{", "a{", [1, 2]],
  ["a{", "a{", [0, 2]],
  ["a{}", "a{}", [0, 3]],
  ["a{b}", "a{b}", [0, 4]],
  ["a{1", "a{1", [0, 3]],
  ["a{1,2,3}", "a{1,2,3}", [0, 8]],
  ["a{ 1}", "a{ 1}", [0, 5]],
  ["{a}", "{a}", [0, 3]],
  ["a-b,c:d!e=f<g>h&i~j#k@l%m'n\"o`p;q_r", "-", null],
  ["-,:!=<>&~#@%'\"`;_ ", "-,:!=<>&~#@%'\"`;_ ", [0, 18]],
];

const ESCAPES: readonly Search[] = [
  ["\\a\\f\\n\\r\\t\\v", "\x07\f\n\r\t\v", [0, 6]],
  ["\\\\", "\\", [0, 1]],
  ["\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\^\\$", ".*+?()[]{}|^$", [0, 13]],
  ["\\-\\/\\ \\#\\&\\~\\\"\\'\\_\\%", "-/ #&~\"'_%", [0, 10]],
  ["\\\n", "\n", [0, 1]],
  ["\\é\\😀\\٣", "é😀٣", [0, 3]],
  ["\\0", "\0", [0, 1]],
  ["\\01", "\x01", [0, 1]],
  ["\\012", "\n", [0, 1]],
  ["\\0123", "\n3", [0, 2]],
  ["\\08", "\x008", [0, 2]],
  ["\\101", "A", [0, 1]],
  ["\\1012", "A2", [0, 2]],
  ["\\377", "ÿ", [0, 1]],
  ["\\x41", "A", [0, 1]],
  ["\\x412", "A2", [0, 2]],
  ["\\u00e9", "é", [0, 1]],
  ["\\u2028", "\u2028", [0, 1]],
  ["\\U0001f600", "😀", [0, 1]],
  ["\\U0010FFFF", "\u{10ffff}", [0, 1]],
  ["\\ud83d\\ude00", "😀", null],
  ["\\x2a+", "**", [0, 2]],
  ["\\$", "a$", [1, 2]],
];

const PLACES: readonly Search[] = [
  ["^a", "a", [0, 1]],
  ["^a", "b\na", null],
  ["(?m)^a", "b\na", [2, 3]],
  ["(?m)^a", "b\ra", null],
  ["(?m)^a", "b\u2028a", null],
  ["(?m:^a)", "b\na", [2, 3]],
  ["(?m)(?-m:^a)", "b\na", null],
  ["(?m)^", "", [0, 0]],
  ["(?m)^\\Z", "a\n", [2, 2]],
  ["a$", "a", [0, 1]],
  ["a$", "a\n", [0, 1]],
  ["a$", "a\n\n", null],
  ["a$", "a\r", null],
  ["a$", "a\u2028", null],
  ["a$", "a\nb", null],
  ["(?m)a$", "a\nb", [0, 1]],
  ["(?m)a$", "a\r\nb", null],
  ["$", "a\n", [1, 1]],
  ["(?m)$", "😀", [1, 1]],
  ["$\\n", "a\n", [1, 2]],
  ["\\Aa", "b\na", null],
  ["(?m)\\Aa", "b\na", null],
  ["\\Aa", "ab", [0, 1]],
  ["a\\Z", "a\n", null],
  ["(?m)a\\Z", "a\nb", null],
  ["a\\Z", "ba", [1, 2]],
  ["\\bé", "aé é", [3, 4]],
  ["é\\b", "éa é", [3, 4]],
  ["\\bb", "²b", null],
  ["\\bb", "a\u0301b", [2, 3]],
  ["(?a)\\bb", "éb", [1, 2]],
  ["(?a:\\b)b", "éb", [1, 2]],
  ["\\Bb", "éb", [1, 2]],
  ["(?a)\\Bb", "éb", null],
  ["\\b", "", null],
  ["\\B", "", null],
  ["(?a)\\B", "", null],
  ["\\B", "a", null],
  ["\\B", "\u{1d400}", null],
  ["\\B", "-", [0, 0]],
  ["\\b", "\u{1d400}", [0, 0]],
];

const CATEGORIES: readonly Search[] = [
  [".", "\n", null],
  [".", "\r", [0, 1]],
  [".", "\u2028", [0, 1]],
  ["(?s).", "\n", [0, 1]],
  ["(?s:.).", "\n\n", null],
  ["(?s)(?-s:.)", "\n", null],
  ["\\d+", "a٣4²", [1, 3]],
  ["\\D+", "٣²a4", [1, 3]],
  ["(?a)\\d+", "٣4", [1, 2]],
  ["(?a)\\D", "٣", [0, 1]],
  ["\\w+", "-aé²٣ß_Ⅷ-", [1, 8]],
  ["\\w", "\u0301", null],
  ["\\w", "\u{1d400}", [0, 1]],
  ["(?i)\\w", "\u0345", null],
  ["(?i)[\\w-]", "\u0345", null],
  ["\\W", "é\u0301", [1, 2]],
  ["(?a)\\w+", "éa_1", [1, 4]],
  ["(?a)\\W", "é", [0, 1]],
  ["(?ai)\\w", "\u212a", null],
  ["\\s+", "a \t\n\r\f\v\x1c\x1f\x85\xa0\u2028\u3000", [1, 13]],
  ["\\s", "\u200b\ufeff", null],
  ["\\S", "\x1c\ufeff", [1, 2]],
  ["(?a)\\s+", "\x85\x1c \t\n\r\f\v", [2, 8]],
  ["(?a)\\S", "\x85", [0, 1]],
  ["(?a)a(?u:\\d)", "a٣", [0, 2]],
  ["(?u)\\d", "٣", [0, 1]],
];

const SETS: readonly Search[] = [
  ["[ab]", "cb", [1, 2]],
  ["[^ab]", "abc", [2, 3]],
  ["[^a]", "a\n", [1, 2]],
  ["[]]", "]", [0, 1]],
  ["[]a]+", "a]", [0, 2]],
  ["[^]]", "]a", [1, 2]],
  ["[^]a]", "]ab", [2, 3]],
  ["[[]", "[", [0, 1]],
  ["[a^]", "^", [0, 1]],
  ["[a-]", "-", [0, 1]],
  ["[-a]", "-", [0, 1]],
  ["[-]", "-", [0, 1]],
  ["[a\\-c]", "b", null],
  ["[+--]+", "+,-", [0, 3]],
  ["[---]", "-", [0, 1]],
  ["[--a]", "A", [0, 1]],
  ["[a-c-e]+", "d-e", [1, 3]],
  ["[\\w-]+", "a-", [0, 2]],
  ["[a-c]+", "abcd", [0, 3]],
  ["[é-ü]", "ö", [0, 1]],
  ["[\\x41-\\u0043]", "B", [0, 1]],
  ["[😀-😂]", "😁", [0, 1]],
  ["[^a]", "😀", [0, 1]],
  ["[[:alpha:]]", "a]", [0, 2]],
  ["[[:alpha:]]", "z]", null],
  ["[[a]b]", "ab]", [0, 3]],
  ["[a&&b]", "&", [0, 1]],
  ["[a&&b]", "a", [0, 1]],
  ["[!--b]", "-", [0, 1]],
  ["[&&]", "&", [0, 1]],
  ["[a||b]", "|", [0, 1]],
  ["[a~~b]", "~", [0, 1]],
  ["[(){}|/.*+?$]+", "(){}|/.*+?$", [0, 11]],
  ["[\\]\\\\^]+", "]\\^", [0, 3]],
  ["[\\b]", "\b", [0, 1]],
  ["[\\a\\f\\n\\r\\t\\v]+", "\x07\f\n\r\t\v", [0, 6]],
  ["[\\0\\12\\101\\1]+", "\0\nA\x01", [0, 4]],
  ["[\\d\\s]+", "a٣\x85", [1, 3]],
  ["[\\D]", "1a", [1, 2]],
  ["[^\\D]", "a1", [1, 2]],
  ["[^\\W\\d]+", "1aé²_", [1, 5]],
  ["[\\W\\d]+", "a1-", [1, 3]],
  ["[\\S\\n]+", " \na", [1, 3]],
  ["(?a)[\\w]", "é", null],
  ["(?x)[ #]+", " #", [0, 2]],
];

const REPEATS: readonly Search[] = [
  ["a*", "aa", [0, 2]],
  ["a+", "baa", [1, 3]],
  ["a?", "aa", [0, 1]],
  ["a*?", "aa", [0, 0]],
  ["a+?", "aa", [0, 1]],
  ["a??", "a", [0, 0]],
  ["a{2}", "aaa", [0, 2]],
  ["a{2,}", "aaa", [0, 3]],
  ["a{,2}", "aaa", [0, 2]],
  ["a{,}", "aaa", [0, 3]],
  ["a{1,2}", "aaa", [0, 2]],
  ["a{1,2}?", "aaa", [0, 1]],
  ["a{0}b", "ab", [1, 2]],
  ["a{02}", "aa", [0, 2]],
  ["ab*", "abb", [0, 3]],
  ["(ab)*", "ababa", [0, 4]],
  ["(a)?", "b", [0, 0]],
  ["(?:a|b)+c", "abac", [0, 4]],
  ["[ab]{3}", "abab", [0, 3]],
  ["(?=a)*a", "a", [0, 1]],
  ["(?=a)+a", "ba", [1, 2]],
  ["(?!a)?a", "a", [0, 1]],
  ["(?:^)*a", "a", [0, 1]],
  ["(?:)*a", "a", [0, 1]],
  ["a(?#c)*", "aa", [0, 2]],
  ["(?:a*)*b", "aab", [0, 3]],
  ["(?:a|b*)*c", "abbac", [0, 5]],
  ["(?:|a)?", "a", [0, 0]],
  ["(?:|a)??b", "ab", [0, 2]],
  ["(?:|a)*?b", "aab", [0, 3]],
  ["(?:|a){2}", "aa", [0, 0]],
  ["(?=(a))?", "a", [0, 0]],
  ["a*+b", "aab", [0, 3]],
  ["a*+a", "aa", null],
  ["a++a", "aa", null],
  ["a?+a", "a", null],
  ["a{1,2}+a", "aa", null],
  ["a{1,2}+a", "aaa", [0, 3]],
  ["(?>a|ab)c", "abc", null],
  ["(?>ab|a)c", "abc", [0, 3]],
  ["(?>a*)+b", "aab", [0, 3]],
  ["(?>(a)|b)\\Z", "a", [0, 1]],
  ["(?>a(?>b*))b", "abb", null],
  ["(?i)(?>a+)b", "aAB", [0, 3]],
];

const GROUPS: readonly Search[] = [
  ["(a)(b)", "ab", [0, 2]],
  ["(a)|(b)", "b", [0, 1]],
  ["(?P<n>a)(?P=n)", "aa", [0, 2]],
  ["(?P<é_1>a)(?P=é_1)", "aa", [0, 2]],
  ["(a)\\1", "aa", [0, 2]],
  ["(a|b)\\1", "abb", [1, 3]],
  ["(a*)\\1", "aaa", [0, 2]],
  ["(a*)b\\1c", "abc", [1, 3]],
  ["(a)\\101", "aA", [0, 2]],
  ["(a)\\1(?:)1", "aa1", [0, 3]],
  ["(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\10", "abcdefghijj", [0, 11]],
  ["(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\100", "abcdefghij@", [0, 11]],
  ["(?:(a)\\1|b)*c", "baabc", [0, 5]],
  ["(?:(a)b){2}\\1", "ababa", [0, 5]],
  ["(?:(a)|(a))", "a", [0, 1]],
  ["(a|b)(?=\\1)", "abb", [1, 2]],
  ["(?=(a))\\1", "ba", [1, 2]],
  ["(?>(a)b)\\1", "aba", [0, 3]],
  ["(?:a)(b)\\1", "abb", [0, 3]],
  ["(?#a \\) comment)a", "a", [0, 1]],
  ["a(?=b)", "acab", [2, 3]],
  ["a(?!b)", "abac", [2, 3]],
  ["(?<=a)b", "bab", [2, 3]],
  ["(?<!a)b", "abb", [2, 3]],
  ["(?<=a|b)c", "bc", [1, 2]],
  ["(?<=a{2})b", "abaab", [4, 5]],
  ["(?<=(a))b", "ab", [1, 2]],
  ["(?<=(?=ab)a)b", "ab", [1, 2]],
  ["(?<=(?:a*){0}a)b", "ab", [1, 2]],
  ["(a)(?<=\\1)b", "ab", [0, 2]],
  ["(?<=)a", "a", [0, 1]],
  ["(?<=^a)b", "aab", null],
  ["(?<!😀)a", "😀aa", [2, 3]],
];

const FLAGS: readonly Search[] = [
  ["(?i)fail", "a FaIl", [2, 6]],
  ["(?i)É", "é", [0, 1]],
  ["(?i)[é]", "É", [0, 1]],
  ["(?i)[^é]", "É", null],
  ["(?i)[a-z]", "K", [0, 1]],
  ["(?i)[^a-z]", "\u212a\u017f\u0130\u0131", null],
  ["(?i)k", "\u212a", [0, 1]],
  ["(?i)\u017f", "S", [0, 1]],
  ["(?i)i+", "iI\u0130\u0131", [0, 4]],
  ["(?i)ß", "ẞ", [0, 1]],
  ["(?i)ß", "ss", null],
  ["(?i)σ", "ς", [0, 1]],
  ["(?i)\u{10400}", "\u{10428}", [0, 1]],
  ["(?i)\\x41", "a", [0, 1]],
  ["(?ai)k+", "kK\u212a", [0, 2]],
  ["(?ai)é", "É", null],
  ["(?ai)[a-c_]+", "ABC_d", [0, 4]],
  ["(?ai)[^b]", "B", null],
  ["(?i)(?a:s)", "\u017f", null],
  ["(?i:a)b", "Ab", [0, 2]],
  ["(?i:a)b", "AB", null],
  ["(?i:1)[a]", "1A", null],
  ["(?i)a(?-i:b)", "Ab", [0, 2]],
  ["(?i)a(?-i:b)[c]", "AbC", [0, 3]],
  ["(?i)a(?-i:b)", "AB", null],
  ["(?s-i:.a)", "\na", [0, 2]],
  ["(?im)^a", "b\nA", [2, 3]],
  ["(?i)(?m)^a", "b\nA", [2, 3]],
  ["(?#c)(?i)a", "A", [0, 1]],
  ["(?i)a|b", "B", [0, 1]],
  ["(?x) a b # c\n c", "abc", [0, 3]],
  ["(?x) a # (", "a", [0, 1]],
  ["(?x) a # \\\n b\n", "ab", [0, 1]],
  ["(?x) a\\ b\\# [ ]", "a b# ", [0, 5]],
  ["(?x) a {2} b", "aab", [0, 3]],
  ["(?x) a {1, 2}", "a{1,2}", [0, 6]],
  ["(?x)a\u2028b", "ab", null],
  ["(?x) (?i) a", "A", [0, 1]],
  ["(?x: a b) c", "ab c", [0, 4]],
  ["(?x) a(?-x: )b", "a b", [0, 3]],
  ["(?x:(?: a)) b", "a b", [0, 3]],
];

const SEARCHES: readonly Search[] = [
  ...LITERALS,
  ...ESCAPES,
  ...PLACES,
  ...CATEGORIES,
  ...SETS,
  ...REPEATS,
  ...GROUPS,
  ...FLAGS,
];

/** What `re.sub` makes of a text. */
type Substitution = readonly [
  pattern: string,
  template: string,
  text: string,
  result: string,
];

const SUBSTITUTIONS: readonly Substitution[] = [
  ["a", "b", "aca", "bcb"],
  ["a", "", "aca", "c"],
  ["^a", "b", "aa", "ba"],
  ["$", "!", "a\n", "a!\n!"],
  ["(?m)^", "> ", "a\nb", "> a\n> b"],
  ["(?m)$", "!", "😀", "😀!"],
  ["", "-", "a😀b", "-a-😀-b-"],
  ["x*", "-", "abxd", "-a-b--d-"],
  ["a|", "-", "ab", "--b-"],
  ["|a", "-", "ab", "---b-"],
  ["a??", "-", "aa", "-----"],
  ["(?i)|A", "-", "a", "---"],
  ["(?<=a)b|", "-", "abb", "-a--b-"],
  ["\\b", "|", "ab cd", "|ab| |cd|"],
  ["(a)(b)", "\\2\\1", "ab", "ba"],
  ["(a)(b)?", "<\\1\\2>", "a", "<a>"],
  ["(a)|(b)", "<\\1|\\2>", "ab", "<a|><|b>"],
  ["(a)(?:|b)", "\\g<1>1", "ab", "a1b"],
  ["(?P<n>a)", "\\g<n>\\g<n>", "ab", "aab"],
  ["(a)(?>b+)(c)", "\\2\\1", "abbc", "ca"],
  ["(?=(a))?", "<\\1>", "a", "<a>a<>"],
  ["(a*)?b", "<\\1>", "b", "<>"],
  ["((a)b)+", "<\\1\\2>", "abab", "<aba>"],
  ["a", "\\g<0>\\g<00>", "a", "aa"],
  ["a", "$1$&$$", "a", "$1$&$$"],
  ["a", "\\a\\b\\f\\n\\r\\t\\v\\\\", "a", "\x07\b\f\n\r\t\v\\"],
  ["a", "\\0\\01\\012\\0123", "a", "\0\x01\n\n3"],
  ["a", "\\101\\377\\1018", "a", "AÿA8"],
  ["(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "\\10\\1", "abcdefghij", "ja"],
  ["(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "\\100", "abcdefghij", "@"],
  ["a", "\\.\\-\\ \\é\\😀", "a", "\\.\\-\\ \\é\\😀"],
  ["a", "\\\\1\\\\n", "a", "\\1\\n"],
];

/** A pattern, and why it is refused. */
type Refusal = readonly [pattern: string, why: string];

/** What Python refuses too. */
const INVALID: readonly Refusal[] = [
  ["a(b", '"(" at character 2 is not closed'],
  ["😀(", '"(" at character 2 is not closed'],
  ["(?:a", '"(" at character 1 is not closed'],
  ["(?=a", '"(" at character 1 is not closed'],
  ["(?#a", '"(" at character 1 is not closed'],
  ["(?#a\\)", '"(" at character 1 is not closed'],
  ["(?x)(a # )", '"(" at character 5 is not closed'],
  ["a)b", '")" at character 2 closes nothing'],
  ["[a", '"[" at character 1 is not closed'],
  ["[]", '"[" at character 1 is not closed'],
  ["[^]", '"[" at character 1 is not closed'],
  ["[a-", '"[" at character 1 is not closed'],
  ["[b-a]", '"b-a" at character 2 is not a range'],
  ["[a-\\d]", '"a-\\d" at character 2 is not a range'],
  ["[\\w-\\w]", '"\\w-\\w" at character 2 is not a range'],
  ["[\\w-a]", '"\\w-a" at character 2 is not a range'],
  ["[a--]", '"a--" at character 2 is not a range'],
  ["*", '"*" at character 1 has nothing to repeat'],
  ["|+", '"+" at character 2 has nothing to repeat'],
  ["(?)", '"(?)" at character 1 begins no group Python knows'],
  ["(*)", '"*" at character 2 has nothing to repeat'],
  ["{1}", '"{1}" at character 1 has nothing to repeat'],
  ["^*", '"*" at character 2 has nothing to repeat'],
  ["$?", '"?" at character 2 has nothing to repeat'],
  ["\\b+", '"+" at character 3 has nothing to repeat'],
  ["\\A{2}", '"{2}" at character 3 has nothing to repeat'],
  ["a**", '"*" at character 3 has nothing to repeat'],
  ["a+*?", '"*?" at character 3 has nothing to repeat'],
  ["a{1}{2}", '"{2}" at character 5 has nothing to repeat'],
  ["(?x)a + ?", '"?" at character 9 has nothing to repeat'],
  ["(?i)*", '"*" at character 5 has nothing to repeat'],
  ["a{2,1}", '"{2,1}" at character 2 ends below its start'],
  ["a{4294967295}", '"{4294967295}" at character 2 is too large'],
  ["a{,4294967295}", '"{,4294967295}" at character 2 is too large'],
  ["a\\", '"\\" at character 2 escapes nothing'],
  ["\\q", '"\\q" at character 1 is not an escape'],
  ["\\z", '"\\z" at character 1 is not an escape'],
  ["\\x4", '"\\x" at character 1 is not an escape'],
  ["\\u123", '"\\u" at character 1 is not an escape'],
  ["\\U00110000", '"\\U00110000" at character 1 is no character'],
  ["\\400", '"\\400" at character 1 is past \\377'],
  ["[\\400]", '"\\400" at character 2 is past \\377'],
  ["[\\8]", '"\\8" at character 2 is not an escape'],
  ["[\\A]", '"\\A" at character 2 is not an escape'],
  ["[\\B]", '"\\B" at character 2 is not an escape'],
  ["\\1", '"\\1" at character 1 refers to no group'],
  ["(a)\\2", '"\\2" at character 4 refers to no group'],
  ["\\1(a)", '"\\1" at character 1 refers to no group'],
  ["(a)\\18", '"\\18" at character 4 refers to no group'],
  ["(a\\1)", '"\\1" at character 3 is inside the group it refers to'],
  ["(?P=n)", '"(?P=n)" at character 1 refers to no group'],
  [
    "(?P<n>a(?P=n))",
    '"(?P=n)" at character 8 is inside the group it refers to',
  ],
  [
    "(?P<n>a)(?P<n>b)",
    '"(?P<n>" at character 9 has the name of another group',
  ],
  ["(?P<1>a)", '"(?P<" at character 1 begins no group Python knows'],
  ["(?P<>a)", '"(?P<" at character 1 begins no group Python knows'],
  ["(?P<n", '"(?P<" at character 1 begins no group Python knows'],
  ["(?P>n)", '"(?P>" at character 1 begins no group Python knows'],
  ["(?P", '"(?P" at character 1 begins no group Python knows'],
  ["(?<n>a)", '"(?<" at character 1 begins no group Python knows'],
  ["(?&n)", '"(?&" at character 1 begins no group Python knows'],
  ["(?", '"(?" at character 1 begins no group Python knows'],
  ["(?L)a", '"(?L" at character 1 begins no group Python knows'],
  ["(?L:a)", '"(?L" at character 1 begins no group Python knows'],
  ["(?y)a", '"(?y" at character 1 begins no group Python knows'],
  ["(?-i)a", '"(?-" at character 1 begins no group Python knows'],
  ["(?-a:a)", '"(?-" at character 1 begins no group Python knows'],
  ["(?i-:a)", '"(?i" at character 1 begins no group Python knows'],
  ["a(?i)b", '"(?i)" at character 2 is not at the start'],
  ["a|(?i)b", '"(?i)" at character 3 is not at the start'],
  ["((?i)a)", '"(?i)" at character 2 is not at the start'],
  [" (?x)a", '"(?x)" at character 2 is not at the start'],
  ["(?au)a", '"(?au)" at character 1 sets flags that exclude each other'],
  ["(?a)(?u)a", '"(?u)" at character 5 sets flags that exclude each other'],
  ["(?ua:a)", '"(?ua:" at character 1 sets flags that exclude each other'],
  ["(?i-i:a)", '"(?i-i:" at character 1 sets flags that exclude each other'],
  ["(?<=a*)b", '"(?<=a*)" at character 1 looks behind at no fixed length'],
  ["(?<!a|bc)", '"(?<!a|bc)" at character 1 looks behind at no fixed length'],
  [
    "(a|bc)(?<=\\1)",
    '"(?<=\\1)" at character 7 looks behind at no fixed length',
  ],
];

const REPEATS_LATE = "repeats of what tries to match nothing before more";
const MAY_BE_UNSET = "references to groups that may be unset";
const NO_WAY_BACK = "atomic groups and possessive repeats in a lookbehind";

/** What Python takes. */
const UNSUPPORTED: readonly Refusal[] = [
  [
    "(a)(?(1)a|b)",
    "conditional groups, at character 4, are not supported",
  ],
  ["\\N{EN DASH}", "characters by name, at character 1, are not supported"],
  ["[\\N{EN DASH}]", "characters by name, at character 2, are not supported"],
  ["(|a)*", `${REPEATS_LATE}, at character 5, are not supported`],
  ["(?:a?|b)+", `${REPEATS_LATE}, at character 9, are not supported`],
  ["(?:a??){1,2}", `${REPEATS_LATE}, at character 8, are not supported`],
  ["(?:|a)*+", `${REPEATS_LATE}, at character 7, are not supported`],
  ["(a)?\\1", `${MAY_BE_UNSET}, at character 5, are not supported`],
  ["(?:(a)|b)\\1", `${MAY_BE_UNSET}, at character 10, are not supported`],
  ["(?:(a)|b\\1)+", `${MAY_BE_UNSET}, at character 9, are not supported`],
  ["(?!(a))\\1", `${MAY_BE_UNSET}, at character 8, are not supported`],
  ["(a*)+\\1", `${MAY_BE_UNSET}, at character 6, are not supported`],
  ["(?<=(a))\\1", `${MAY_BE_UNSET}, at character 9, are not supported`],
  [
    "(?i)(a)\\1",
    "references that ignore case, at character 8, are not supported",
  ],
  ["(?<=(?>a))", `${NO_WAY_BACK}, at character 5, are not supported`],
  ["(?<=a{2}+)", `${NO_WAY_BACK}, at character 6, are not supported`],
];

/** A pattern, a template for it, and why that is refused. */
type TemplateRefusal = readonly [
  pattern: string,
  template: string,
  why: string,
];

const INVALID_TEMPLATES: readonly TemplateRefusal[] = [
  ["a", "\\", '"\\" at character 1 escapes nothing'],
  ["a", "b\\q", '"\\q" at character 2 is not an escape'],
  ["a", "\\x41", '"\\x" at character 1 is not an escape'],
  ["a", "\\g", '"\\g" at character 1 is not an escape'],
  ["a", "\\g<1", '"\\g" at character 1 is not an escape'],
  ["a", "\\g<>", '"\\g<>" at character 1 refers to no group'],
  ["a", "\\1", '"\\1" at character 1 refers to no group'],
  ["(a)", "\\2", '"\\2" at character 1 refers to no group'],
  ["(a)", "😀\\g<2>", '"\\g<2>" at character 2 refers to no group'],
  ["(a)", "\\g<-1>", '"\\g<-1>" at character 1 refers to no group'],
  ["(a)", "\\g<n>", '"\\g<n>" at character 1 refers to no group'],
  ["(a)", "\\400", '"\\400" at character 1 is past \\377'],
];

const NOT_ALWAYS = "references to groups that a repeat does not always set";

const UNSUPPORTED_TEMPLATES: readonly TemplateRefusal[] = [
  ["(?:(a)|b)*", "\\1", `${NOT_ALWAYS}, at character 1, are not supported`],
  ["(a*)*", "\\g<1>", `${NOT_ALWAYS}, at character 1, are not supported`],
  ["(?<=(a|b){2})", "\\1", `${NOT_ALWAYS}, at character 1, are not supported`],
];

/** Where a match lies, in code points. */
function spanOf(text: string, match: RegExpExecArray | null): Span | null {
  if (match === null) return null;
  const start = [...text.slice(0, match.index)].length;
  return [start, start + [...match[0]].length];
}

Deno.test("pythonRegex finds what Python finds first", () => {
  for (const [pattern, text, span] of SEARCHES) {
    const match = pythonRegex(pattern).exec(text);
    assertEquals(spanOf(text, match), span, `${pattern} in ${text}`);
  }
});

Deno.test("pythonRegex takes each line for itself when it is told to", () => {
  const options = { multiline: true };
  assertEquals(pythonRegex("^b$", options).test("a\nb\nc"), true);
  assertEquals(pythonRegex("^b$").test("a\nb\nc"), false);
  assertEquals(pythonRegex("(?-m:^b$)", options).test("a\nb\nc"), false);
});

Deno.test("pythonRegex leaves plain text as it is", () => {
  for (const plain of ["a", "test_x: é-😀 <1>", "a,b=c;'d'\"e\"&f"]) {
    assertEquals(pythonRegex(plain).source, plain);
  }
});

Deno.test("pythonRegex gives an expression that may be used again", () => {
  const regex = pythonRegex("a");
  assertEquals([regex.test("a"), regex.test("a")], [true, true]);
  assertEquals(regex.flags, "v");
});

Deno.test("pythonRegex says what is wrong with a pattern, and where", () => {
  for (const [pattern, why] of [...INVALID, ...UNSUPPORTED]) {
    const { message } = assertThrows(() => pythonRegex(pattern), UsageError);
    const start = `Cannot use the regular expression "${pattern}": `;
    assertEquals(message, start + why);
  }
});

Deno.test("pythonRegex refuses patterns nothing can run", () => {
  const depth = 50_000;
  const deep = "(".repeat(depth) + ")".repeat(depth);
  assertThrows(() => pythonRegex(deep), UsageError, ": it is too large");
});

Deno.test("pythonSubstitute does what re.sub does", () => {
  for (const [pattern, template, text, result] of SUBSTITUTIONS) {
    const substituted = pythonSubstitute(pattern, template)(text);
    assertEquals(substituted, result, `${pattern} by ${template} in ${text}`);
  }
});

Deno.test("pythonSubstitute says what is wrong with a template, and where", () => {
  const refusals = [...INVALID_TEMPLATES, ...UNSUPPORTED_TEMPLATES];
  for (const [pattern, template, why] of refusals) {
    const { message } = assertThrows(
      () => pythonSubstitute(pattern, template),
      UsageError,
    );
    assertEquals(message, `Cannot use the replacement "${template}": ${why}`);
  }
});

/** Something for Python to do. */
type Job = readonly [pattern: string, text: string, template: string];

/** What came of a job; null where the pattern or template is refused. */
interface Outcome {
  readonly span: Span | null;
  readonly substituted: string | null;
}

const ORACLE = `
import json, re, sys, warnings

warnings.simplefilter("ignore")


def outcome(pattern, text, template):
    try:
        regex = re.compile(pattern)
    except (re.error, ValueError, OverflowError):
        return None
    match = regex.search(text)
    try:
        substituted = regex.sub(template, text)
    except (re.error, IndexError):
        substituted = None
    return {"span": match and match.span(), "substituted": substituted}


json.dump([outcome(*job) for job in json.load(sys.stdin)], sys.stdout)
`;

/** What comes of jobs in Python. */
async function askPython(
  jobs: readonly Job[],
): Promise<(Outcome | null)[]> {
  const { status, stdout, stderr } = await run(
    ["/usr/bin/python3", "-c", ORACLE],
    { stdin: JSON.stringify(jobs) },
  );
  assertEquals([status, stderr], [0, ""]);
  return JSON.parse(decode(stdout));
}

peerTest(
  "pythonRegex and pythonSubstitute are expected to do what Python does",
  [
    "python3",
  ],
  async () => {
    const searches = await askPython(
      SEARCHES.map(([pattern, text]) => [pattern, text, ""]),
    );
    for (const [index, [pattern, text, span]] of SEARCHES.entries()) {
      assertEquals(span, searches[index]?.span, `${pattern} in ${text}`);
    }
    const substitutions = await askPython(
      SUBSTITUTIONS.map((
        [pattern, template, text],
      ) => [pattern, text, template]),
    );
    for (
      const [index, [pattern, template, , result]] of SUBSTITUTIONS.entries()
    ) {
      const substituted = substitutions[index]?.substituted;
      assertEquals(result, substituted, `${pattern} by ${template}`);
    }
  },
);

peerTest("pythonRegex and pythonSubstitute refuse what Python refuses", [
  "python3",
], async () => {
  const tables: [TemplateRefusal[], isRefused: boolean][] = [
    [INVALID.map(([pattern, why]) => [pattern, "", why]), true],
    [UNSUPPORTED.map(([pattern, why]) => [pattern, "", why]), false],
    [[...INVALID_TEMPLATES], true],
    [[...UNSUPPORTED_TEMPLATES], false],
  ];
  for (const [refusals, isRefused] of tables) {
    const outcomes = await askPython(
      refusals.map(([pattern, template]) => [pattern, "", template]),
    );
    for (const [index, [pattern, template]] of refusals.entries()) {
      const refuses = typeof outcomes[index]?.substituted !== "string";
      assertEquals(refuses, isRefused, `${pattern} by "${template}"`);
    }
  }
});

/** Characters that some rule of Python or JavaScript treats apart. */
const CHARACTERS = [
  ..."aabbAé\xdfÉk\u212as\u017fi\u0130\u0131²٣1_- \n\x85\u0301\u2028😀",
];

const character = fc.constantFrom(...CHARACTERS);

const setMember = fc.oneof(
  character,
  fc.constantFrom("\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\b", "\\]"),
  fc.constantFrom("a-z", "é-ÿ", "I-K", "^", "[", "&&", "--", "~~", "||", "."),
);

const quantifier = fc.constantFrom(
  ...["*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "{,}"]
    .flatMap((greedy) => [greedy, `${greedy}?`]),
);

const GROUP_STARTS = [
  ...["(", "(", "(", "(?:", "(?>", "(?=", "(?!", "(?<=", "(?<!"],
  ...["(?i:", "(?-i:", "(?s:", "(?m:", "(?x:", "(?im-s:"],
  // Python starts searching by the outer flags: "(?a:\\W)" does not find "é".
  ...["-?(?a:", "-?(?ai:"],
];

/** Patterns of which most are valid. */
const { alternatives } = fc.letrec<Record<string, string>>((tie) => {
  const joined = (part: fc.Arbitrary<string>, maxLength: number, glue = "") =>
    fc.array(part, { maxLength }).map((parts) => parts.join(glue));
  return {
    simple: fc.oneof(
      { weight: 4, arbitrary: character },
      fc.constantFrom(".", "\\w", "\\W", "\\d", "\\s", "\\.", "\\x41", "\\101"),
      fc.tuple(fc.constantFrom("[", "[^", "[]", "[^]"), joined(setMember, 3))
        .map(([start, members]) => `${start}${members}a]`),
    ),
    group: fc.tuple(fc.constantFrom(...GROUP_STARTS), tie("alternatives"))
      .map(([start, inside]) => `${start}${inside})`),
    atom: fc.oneof(
      { depthSize: "small" },
      { weight: 4, arbitrary: tie("simple") },
      fc.constantFrom("^", "$", "\\b", "\\B", "\\A", "\\Z", "\\1", "{", "(?#)"),
      { weight: 4, arbitrary: tie("group") },
    ),
    item: fc.oneof(
      { weight: 3, arbitrary: tie("atom") },
      fc.tuple(tie("atom"), quantifier).map((parts) => parts.join("")),
      // Python 3.11.2 matches possessive repeats of groups wrongly.
      fc.constantFrom("a*+", "b++", "\\w?+", ".{1,2}+", "[a-z]{,2}+"),
    ),
    alternatives: fc.oneof(
      { weight: 3, arbitrary: joined(tie("item"), 3) },
      joined(joined(tie("item"), 2), 3, "|"),
    ),
  };
});

const generatedPattern = fc.tuple(
  fc.constantFrom("", "", "(?i)", "(?m)", "(?s)", "(?x)", "(?a)", "(?ai)"),
  alternatives,
).map((parts) => parts.join(""));

const generatedText = fc.array(character, { maxLength: 7 })
  .map((characters) => characters.join(""));

/** A template that shows all the groups a pattern might have. */
function templateFor(pattern: string): string {
  const groups = pattern.match(/\((?!\?)/g) ?? [];
  return `<\\g<0>${groups.map((_, index) => `|\\g<${index + 1}>`).join("")}>`;
}

/** Runs what may refuse; "unsupported" is known to differ from Python. */
function attempt<Result>(build: () => Result): Result | null | "unsupported" {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.endsWith("not supported") ? "unsupported" : null;
  }
}

peerTest(
  `pythonRegex and pythonSubstitute agree with Python on generated patterns (seed ${SEED})`,
  ["python3"],
  async () => {
    const jobs = fc.sample(
      fc.tuple(generatedPattern, generatedText).map(([pattern, text]): Job => [
        pattern,
        text,
        templateFor(pattern),
      ]),
      { seed: SEED, numRuns: GENERATED_CASES },
    );
    const outcomes = await askPython(jobs);
    let matches = 0, unsupported = 0;
    for (const [index, [pattern, text, template]] of jobs.entries()) {
      const expected = outcomes[index];
      const place = `${pattern} in ${JSON.stringify(text)}`;
      const span = attempt(() => spanOf(text, pythonRegex(pattern).exec(text)));
      if (span === "unsupported") {
        unsupported++;
        continue;
      }
      assertEquals(span, expected?.span ?? null, place);
      if (span !== null) matches++;
      const result = attempt(() => pythonSubstitute(pattern, template)(text));
      if (result === "unsupported") continue;
      assertEquals(result, expected?.substituted ?? null, place);
    }
    assert(matches > jobs.length / 4, `only ${matches} match`);
    assert(unsupported < jobs.length / 10, `${unsupported} are not supported`);
  },
);
