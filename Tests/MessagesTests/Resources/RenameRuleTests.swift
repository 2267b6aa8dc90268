import Messages
import Runtime
import Testing

/// Expectations of the expression are what Java's `String.replaceAll` gives, which the engines' own restore uses.
struct RenameRuleTests {
    @Test(arguments: [
        ("(.+)", "restored-$1", "logs-1", "restored-logs-1"), ("logs-(\\d+)", "old-$1-x", "logs-2026", "old-2026-x"),
        ("o", "0", "foo", "f00"), ("(a)(b)?", "$2$1", "ac", "ac"), ("(a)", "$10", "a", "a0"), ("a", "\\$1\\\\", "a", "$1\\"),
        ("(?<day>\\d+)", "d${day}", "logs-7", "logs-d7"), ("x", "y", "logs", "logs"), ("^logs", "", "logs-logs", "-logs"),
        (".*", "x-$0", "a", "x-ax-"), ("a", "$0$0", "banana", "baanaanaa"),
    ])
    func theExpressionReplacesEveryMatch(pattern: String, replacement: String, name: String, renamed: String) throws {
        let rule = RenameRule(pattern: pattern, replacement: replacement)
        try rule.check()
        #expect(try rule.apply(to: name) == renamed)
    }

    @Test func prefixAndSuffixComeAfterTheExpression() throws {
        #expect(try RenameRule(pattern: "logs", replacement: "l", prefix: "logs-", suffix: "-2").apply(to: "logs") == "logs-l-2")
        #expect(try RenameRule().apply(to: "logs") == "logs")
        #expect(try RenameRule(prefix: "p-").apply(to: "$1") == "p-$1")
    }

    @Test(arguments: [
        ("(a", "x", "is no regular expression"), ("(a)", "$2", "names group 2, and the pattern has 1"),
        ("a", "$", "write \\$ for a dollar sign"), ("a", "$x", "write \\$ for a dollar sign"), ("a", "x\\", "write \\\\ for one"),
        ("a", "${b", "has a ${ without its }"), ("(?<a>a)", "${b}", "names the group b"),
    ])
    func whatCannotReplaceIsFoundBeforeANameIsTried(pattern: String, replacement: String, complaint: String) {
        let error = #expect(throws: RuntimeError.self) { try RenameRule(pattern: pattern, replacement: replacement).check() }
        #expect(error?.message.contains(complaint) == true, "\(error?.message ?? "")")
    }
}
