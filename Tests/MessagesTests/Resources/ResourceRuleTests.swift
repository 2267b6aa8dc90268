import Messages
import Runtime
import Testing

/// The rules that resources carry with them.
struct ResourceRuleTests {
    @Test(arguments: [
        ("1h30m", 5_400_000), ("45s", 45_000), ("1.5h", 5_400_000), ("500ms", 500), ("0", 0), ("0s", 0), ("90m", 5_400_000),
        (".5s", 500), ("1h1h", 7_200_000),
    ])
    func durationsReadAsGoReadsThem(text: String, milliseconds: Int64) {
        #expect(StashDuration(text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "1", "1d", "h", "1h30", "-1h", "1 h", "1H", ".s", "1..5h", "1e3s", "99999999999999999999h", "٣h", "1h\n",
    ])
    func whatIsNoDurationIsRefused(text: String) {
        #expect(StashDuration(text) == nil)
    }

    @Test(arguments: [(0, "0s"), (5_400_000, "1h30m"), (61_500, "1m1s500ms"), (86_400_000, "24h")])
    func durationsPrintWhatReadsBack(milliseconds: Int64, text: String) {
        let duration = StashDuration(milliseconds: milliseconds)
        #expect(duration.description == text)
        #expect(StashDuration(text) == duration)
    }

    private func service(path: String?, query: String?, namespace: String? = nil) -> AppBinding {
        var service = AppBinding.Service(scheme: "https", name: "es", port: 9200, namespace: namespace)
        service.path = path
        service.query = query
        return AppBinding(
            metadata: ObjectMeta(name: "es", namespace: "demo"), spec: .init(clientConfig: .init(service: service)))
    }

    @Test func serviceGivesTheClusterURL() {
        #expect(service(path: nil, query: nil).clusterURL == "https://es.demo.svc:9200")
        #expect(service(path: "/a", query: "b=c", namespace: "prod").clusterURL == "https://es.prod.svc:9200/a?b=c")
        #expect(service(path: "a", query: "").clusterURL == "https://es.demo.svc:9200/a")
    }

    @Test func urlWinsOverService() {
        var appBinding = service(path: nil, query: nil)
        appBinding.spec.clientConfig.url = "http://127.0.0.1:9200"
        #expect(appBinding.clusterURL == "http://127.0.0.1:9200")
        appBinding.spec.clientConfig = .init()
        #expect(appBinding.clusterURL == nil)
    }

    @Test func taskOfTheAppBindingFillsWhatTheUserLeavesOpen() {
        var appBinding = service(path: nil, query: nil)
        #expect(appBinding.task(nil, for: .backup) == nil)
        appBinding.spec.parameters = [
            "stash": [
                "addon": [
                    "backupTask": [
                        "name": "es-backup",
                        "params": [["name": "args", "value": "--match=a"], ["name": "indices", "value": "b"]],
                    ]
                ]
            ]
        ]
        #expect(appBinding.task(nil, for: .backup)?.params.map(\.name) == ["args", "indices"])
        #expect(appBinding.task(nil, for: .restore) == nil)
        let task = appBinding.task(TaskRef(name: "", params: [.init(name: "args", value: "--match=c")]), for: .backup)
        #expect(task?.name == "es-backup")
        #expect(task?["args"] == "--match=c" && task?["indices"] == "b")
    }

    @Test func usagePolicyDecidesWhichNamespacesMayUseARepository() {
        func repository(_ allowed: UsagePolicy.AllowedNamespaces?) -> Repository {
            Repository(
                metadata: ObjectMeta(name: "r", namespace: "own"),
                spec: .init(
                    backend: Backend(.local(.init(mountPath: "/r"))),
                    usagePolicy: allowed.map { UsagePolicy(allowedNamespaces: $0) }))
        }
        #expect(repository(nil).allows(namespace: "own"))
        #expect(!repository(nil).allows(namespace: "other"))
        #expect(!repository(.init(from: .same)).allows(namespace: "other"))
        #expect(repository(.init(from: .all)).allows(namespace: "other"))
        let selector = UsagePolicy.LabelSelector(
            matchLabels: ["team": "search"],
            matchExpressions: [
                .init(key: "stage", operator: .in, values: ["dev", "prod"]), .init(key: "old", operator: .doesNotExist),
                .init(key: "team", operator: .exists), .init(key: "stage", operator: .notIn, values: ["test"]),
            ])
        let selecting = repository(.init(from: .selector, selector: selector))
        #expect(selecting.allows(namespace: "other", labels: ["team": "search", "stage": "dev"]))
        #expect(!selecting.allows(namespace: "other", labels: ["team": "search"]))
        #expect(!selecting.allows(namespace: "other", labels: ["team": "search", "stage": "dev", "old": ""]))
        #expect(!selecting.allows(namespace: "other"))
    }

    @Test func secretsNeverShowTheirValues() {
        let secret = Secret(metadata: ObjectMeta(name: "auth"), values: ["password": SecretValue("hunter2")])
        var dumped = ""
        dump(secret, to: &dumped)
        dump(secret["password"], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\([secret["password"]])", dumped] {
            #expect(!text.contains("hunter2"))
            // The bytes of the value as a list.
            #expect(!text.contains("104"))
        }
        #expect(secret["password"]?.text?.reveal() == "hunter2")
        #expect(!(secret as Any is any Encodable) && !(SecretValue("a") as Any is any Encodable))
    }

    @Test func transformsApplyInOrder() {
        var secret = Secret(
            metadata: ObjectMeta(name: "auth"), values: ["user": SecretValue("elastic"), "old": SecretValue("x")])
        let added = Secret(metadata: ObjectMeta(name: "more"), values: ["token": SecretValue("t")])
        let transforms: [SecretTransform] = [
            .renameKey(from: "user", to: "username"), .renameKey(from: "absent", to: "b"), .removeKey(key: "old"),
            .addKey(key: "password", value: SecretValue("p")), .addKeysFrom(secretName: "more"),
        ]
        for transform in transforms { secret = transform.applied(to: secret, adding: added) }
        #expect(secret.keys == ["password", "token", "username"])
        #expect(secret["username"] == SecretValue("elastic"))
    }
}
