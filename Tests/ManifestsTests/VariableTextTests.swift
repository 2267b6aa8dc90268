import Testing

@testable import Manifests

/// `${NAME}` and `${NAME:=default}`, and nothing else.
@Suite struct VariableTextTests {
    private static let values = ["A": "one", "B_2": "two", "EMPTY": ""]

    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("${A}", "one"), ("x-${A}-${B_2}.", "x-one-two."), ("${A}${A}", "oneone"),
        ("${C:=three}", "three"), ("${A:=three}", "one"), ("${EMPTY:=three}", "three"), ("${EMPTY}", ""), ("${C:=}", ""),
        ("${C:=${A}}", "one"), ("${C:=${D:=${B_2}}}!", "two!"), ("$A {A} $$ $", "$A {A} $$ $"), ("${C:=a=b:c}", "a=b:c"),
        ("ü${A}ü", "üoneü"),
    ])
    func values(text: String, expected: String) throws {
        #expect(try VariableText.expand(text, with: Self.values) == expected)
    }

    @Test(arguments: [
        ("${C}", "there is no variable C"), ("${C:=${D}}", "there is no variable D"), ("${A", "no closing brace"),
        ("${}", "neither"), ("${A:-x}", "neither"), ("${A B}", "neither"), ("${Ä}", "neither"),
    ])
    func problems(text: String, cause: String) throws {
        let problem = #expect(throws: VariableText.Problem.self) { try VariableText.expand(text, with: Self.values) }
        #expect(problem?.message.contains(cause) == true, "\(problem?.message ?? "")")
    }

    @Test func aTextCanBeCheckedWithoutItsValues() throws {
        #expect(try VariableText.expand("${A}-${B:=c}", unknown: "x") == "x-x")
        #expect(throws: VariableText.Problem.self) { try VariableText.expand("${A", unknown: "x") }
    }

    /// Made to end a program, in its stack or its time.
    @Test func defaultsThatAreTooDeepAreRefused() throws {
        func nest(_ name: String) -> String {
            String(repeating: "${\(name):=", count: 20_000) + String(repeating: "}", count: 20_000)
        }
        // Nobody looks into a default that is not needed.
        #expect(try VariableText.expand(nest("A"), with: Self.values) == "one")
        let problem = #expect(throws: VariableText.Problem.self) { try VariableText.expand(nest("C"), with: Self.values) }
        #expect(problem?.message.contains("more than 8 levels") == true)
    }
}
