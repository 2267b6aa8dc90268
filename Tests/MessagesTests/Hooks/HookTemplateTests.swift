import Messages
import Runtime
import Testing

/// Templates of hooks against what Go's documentation says of `text/template`, `encoding/json` and `strconv`, and Sprig's of its functions.
@Suite struct HookTemplateTests {
    private static let start = Timestamp(millisecondsSinceEpoch: 1_764_000_000_000)

    static func summary(_ phase: Phase? = .succeeded, error: String? = nil, seconds: Int = 62, retryLeft: Int? = 2) -> HookSummary
    {
        var command = SessionCommand(
            kind: .backup, id: SessionID("abc")!, name: "nightly-1764000000", namespace: "demo", requestedAt: start,
            target: AppBinding(
                metadata: ObjectMeta(name: "es", namespace: "data"), spec: .init(clientConfig: .init(url: "http://es:9200"))),
            repository: Repository(
                metadata: ObjectMeta(name: "disk"), spec: .init(backend: Backend(.local(.init(mountPath: "/srv"))))),
            configuration: BackupConfiguration(
                metadata: ObjectMeta(name: "nightly", namespace: "demo"),
                spec: .init(target: .init(ref: TargetRef(name: "es")), repository: ObjectReference(name: "disk"))))
        command.retryLeft = retryLeft
        let status = phase.map { phase in
            var status = StatusEvent(of: command, phase: phase, source: .final)
            status.error = error
            return status
        }
        return HookSummary(command, status: status, startedAt: start, now: start + .seconds(Double(seconds)))
    }

    static let texts: [(String, String)] = [
        // text/template
        ("plain } text {", "plain } text {"), (#"{{"\"output\""}}"#, #""output""#), ("{{`\"output\"`}}", #""output""#),
        ("{{23 -}} < {{- 45}}", "23<45"), ("a {{- /* a comment */ -}} b", "ab"), ("a {{/* a comment */}} b", "a  b"),
        ("{{-3}}", "-3"), ("{{ true }}", "true"), ("{{if true}}a{{end}}{{if 0}}b{{else}}c{{end}}", "ac"),
        ("{{if .Status.Error}}a{{else if eq .RetryLeft 1 2 3}}b{{else}}c{{end}}", "b"),
        ("{{and 1 0}} {{or 0 7}} {{not 1}}", "0 7 false"),
        (#"{{if and (eq .Status.Phase "Succeeded") .Name}}a{{end}}{{or .Status.Error 7}}{{default "x" .RetryLeft}}"#, "a72"),
        ("{{and .Name .Namespace}} {{or .Status.Error .Name}}", "demo nightly-1764000000"),
        (#"{{ne .Status.Phase "Failed"}}"#, "true"), ("{{if (eq .Name `x` | not)}}a{{end}}", "a"),
        ("\n  {{- if true -}}\n  x\n  {{- end -}}\n", "x"), ("{{ \"\\u0041\\x42\\tC\" }}", "AB\tC"),
        // Stash's Summary
        ("{{ .Name }} {{ .Namespace }}", "nightly-1764000000 demo"),
        ("{{ .Invoker.APIGroup }}/{{ .Invoker.Kind }}/{{ .Invoker.Name }}", "stash.appscode.com/BackupConfiguration/nightly"),
        (
            "{{ .Target.APIVersion }} {{ .Target.Kind }} {{ .Target.Namespace }}/{{ .Target.Name }}",
            "appcatalog.appscode.com/v1alpha1 AppBinding data/es"
        ), ("{{ .Status.Phase }} after {{ .Status.Duration }}, {{ .RetryLeft }}", "Succeeded after 1m2s, 2"),
        // Sprig
        ("{{ upper \"hello\" }} {{ \"HELLO\" | lower }}", "HELLO hello"), ("{{ \"straße\" | upper }}", "STRAßE"),
        ("{{ default \"foo\" .Status.Error }} {{ .Name | default \"foo\" }} {{ default 5 0 }}", "foo nightly-1764000000 5"),
        ("{{ quote .Name .RetryLeft }}", #""nightly-1764000000" "2""#), ("{{ toJson .RetryLeft }}{{ toJson false }}", "2false"),
        // strconv.Quote's example, and its rules for what cannot be printed
        ("{{ quote \"\\\"Fran & Freddie's Diner\\t☺\\\"\" }}", #""\"Fran & Freddie's Diner\t☺\"""#),
        ("{{ quote \"\\x01\\x7f\\u00a0\\u200b\\U000e0001é\" }}", #""\x01\x7f\u00a0\u200b\U000e0001é""#),
        // json.Marshal
        ("{{ toJson \"<a&b>\\u2028\\x01\\n\\\"\\\\é\" }}", #""\u003ca\u0026b\u003e\u2028\u0001\n\"\\é""#),
    ]

    @Test(arguments: texts)
    func aTemplateIsWrittenOut(template: String, text: String) throws {
        #expect(try HookTemplate(template).rendered(Self.summary()) == text)
    }

    /// The message to Slack of Stash's guide.
    @Test func stashsOwnExampleSaysHowTheBackupEnded() throws {
        let template = try HookTemplate(
            "{\"text\": \"{{if eq .Status.Phase `Succeeded`}}:white_check_mark: Backup succeeded for {{ .Namespace }}/{{.Target.Name}}"
                + "{{else}}:x: Backup failed for {{ .Namespace }}/{{.Target.Name}} Error: {{.Status.Error}}.{{end}}\"}")
        #expect(try template.rendered(Self.summary()) == #"{"text": ":white_check_mark: Backup succeeded for demo/es"}"#)
        let failed = try template.rendered(Self.summary(.failed, error: "no room"))
        #expect(failed == #"{"text": ":x: Backup failed for demo/es Error: no room."}"#)
    }

    @Test func jsonStaysJSONWhateverTheErrorSays() throws {
        let error = "index \"a\": line\n\\ <b> \u{1}"
        let text = try HookTemplate(#"{"error": {{ .Status.Error | toJson }}}"#).rendered(Self.summary(.failed, error: error))
        #expect(try JSONValue(parsing: text)["error"]?.string == error)
    }

    @Test(arguments: [(0, "0s"), (59, "59s"), (60, "1m0s"), (3600, "1h0m0s"), (90_061, "25h1m1s")])
    func durationsAreGos(seconds: Int, text: String) throws {
        #expect(try HookTemplate("{{ .Status.Duration }}").rendered(Self.summary(seconds: seconds)) == text)
    }

    @Test func beforeTheWorkTheSessionIsRunning() throws {
        let text = try HookTemplate("{{ .Status.Phase }}{{ .Status.Error }}{{ .RetryLeft }}").rendered(
            Self.summary(nil, retryLeft: nil))
        #expect(text == "Running0")
    }

    @Test(arguments: [
        ("{{ .Status.Phase | trunc 5 }}", "\"trunc\" is unknown"), ("{{ range .Targets }}{{ end }}", "\"range\" is unknown"),
        ("{{ printf \"%s\" .Name }}", "\"printf\" is unknown"), ("{{ .Status.Stats }}", "there is no .Status.Stats"),
        ("{{ . }}", "there is no ."), ("{{ $x := 1 }}", "\"$\" has no meaning"), ("{{ .Name", "not closed with }}"),
        ("{{ \"a }}", "not closed with \""), ("{{ `a }}", "not closed with `"), ("{{ \"\\q\" }}", "no escape"),
        ("{{ if true }}a", "an if has no end"), ("{{ end }}", "has no if"), ("{{ else }}", "has no if"),
        ("{{ if true }}{{ else }}{{ else }}{{ end }}", "two else"), ("{{ }}", "empty"),
        ("{{ if }}{{ end }}", "a value is missing"),
        ("{{ upper }}", "takes 1 argument, found 0"), ("{{ eq 1 }}", "takes 2 or more arguments, found 1"),
        ("{{ eq .RetryLeft \"1\" }}", "values of one kind"), ("{{ eq (and 1 .Name) 1 }}", "values of one kind"),
        ("{{ upper (or 1 .Name) }}", "needs a text, found a value of several kinds"), ("{{ upper 1 }}", "needs a text"),
        ("{{ .Name | .Namespace }}", "a function behind"),
        ("{{ .Name .Namespace }}", "where a function is needed"), ("{{ (eq 1 1 }}", "not closed with )"),
        ("{{ eq 1 1 ) }}", "has no ("),
        ("{{ eq upper \"a\" }}", "needs ( )"), ("{{ 1.5 }}", "no whole number"), ("{{ .Name | }}", "a function behind"),
        ("{{ /* a */ .Name }}", "a comment must be alone"),
    ])
    func whatCannotBeWrittenOutIsRefused(template: String, complaint: String) {
        let error = #expect(throws: RuntimeError.self) { try HookTemplate(template) }
        #expect(error?.message.contains(complaint) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [String(repeating: "(", count: 60_000) + "}}", String(repeating: "if 1}}{{", count: 8_000)])
    func aTemplateOfAStrangersDepthIsRefused(template: String) {
        let error = #expect(throws: RuntimeError.self) { try HookTemplate("{{" + template) }
        #expect(error?.message.contains("nested") == true)
    }

    /// Each pipe is a step deeper when the value is looked for.
    @Test(arguments: [
        ("{{ .Name" + String(repeating: " | upper", count: 21) + " }}", "21 pipes"),
        (
            "{{ not (1" + String(repeating: " | and", count: 10) + ") | not | eq (1" + String(repeating: " | or", count: 9)
                + ") }}", "21 pipes"
        ),
        ("{{ 1" + String(repeating: " | and", count: 9_000) + " }}", "9000 pipes"),
        ("{{ .Name" + String(repeating: " | upper", count: 40_000) + " }}", "at most 65536"),
        (String(repeating: "x", count: 65_537), "at most 65536"),
    ])
    func aTemplateOfAStrangersLengthIsRefused(template: String, complaint: String) {
        let error = #expect(throws: RuntimeError.self) { try HookTemplate(template) }
        #expect(error?.message.contains(complaint) == true, "\(error?.message ?? "")")
    }

    /// `toJson` doubles the backslashes of what it is given, so a short template asks for megabytes.
    @Test(arguments: [
        "{{ .Name" + String(repeating: " | toJson", count: 20) + " }}",
        String(repeating: "{{ .Status.Error }}", count: 3), "{{ if quote .Status.Error .Status.Error .Status.Error }}{{ end }}",
    ])
    func whatWouldBecomeTooLongIsNotWrittenOut(template: String) throws {
        let summary = Self.summary(.failed, error: String(repeating: "e", count: 100_000))
        let error = #expect(throws: RuntimeError.self) { try HookTemplate(template).rendered(summary) }
        #expect(error?.message.contains("longer than 262144 bytes") == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("{{ .Status.Error }}", true), ("{{ if true }}{{ .Status.Error | upper }}{{ end }}", true),
        ("{{ .Status.Error | default \"none\" | toJson }}{{ if .Status.Error }}{{ end }}", false), ("{{ .Name }}", false),
    ])
    func aBareErrorIsNoticed(template: String, isBare: Bool) throws {
        #expect(try HookTemplate(template).printsErrorBare == isBare)
    }

    @Test(arguments: [
        ("check.sh", true), ("a", true), ("", false), (".", false), ("..", false), (".hidden", false), ("/bin/sh", false),
        ("a/b", false), ("a\nb", false),
    ])
    func aProgramIsAPlainName(name: String, isPlain: Bool) {
        #expect((Hook.Exec.problem(ofProgram: name) == nil) == isPlain)
    }
}
