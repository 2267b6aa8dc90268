// swift-tools-version: 6.2
import PackageDescription

/// The one list of settings that every Swift target is built with.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A C library from Debian: a modulemap and a shim.h, imported by exactly one Swift module.
func library(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func module(_ name: String, _ dependencies: [Target.Dependency], embedding resources: [String] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, resources: resources.map { .embedInCode($0) }, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

/// A program that measures the others' code; it is not shipped.
func benchmark(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: "Benchmarks/\(name)", swiftSettings: settings)
}

let package = Package(
    name: "sheaf",
    products: [.executable(name: "sheaf", targets: ["sheaf"])],
    targets: [
        library("CRabbitMQ", pkgConfig: "librabbitmq", apt: "librabbitmq-dev"),
        library("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        library("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
        library("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
        library("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        library("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
        library("CMicroHTTPD", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev"),

        // Header only: no package to install.
        .systemLibrary(name: "CScan"),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CSpawn"),

        module("Runtime", ["CMalloc"]),
        module("Messages", ["Runtime"]),
        module("Sessions", ["Messages", "Runtime"]),
        module("Manifests", ["Messages", "Runtime", "CYAML"]),
        module("AMQP", ["Runtime", "CRabbitMQ"]),
        module("Bus", ["AMQP", "Crypto", "Messages", "Runtime"]),
        module("Crypto", ["CCrypto"]),
        module("HTTP", ["Crypto", "Runtime", "CCurl"]),
        module("Elasticsearch", ["HTTP", "Runtime", "CScan"]),
        module("Archive", ["Crypto", "HTTP", "Runtime", "CZstd"], embedding: ["Recovery/recover.py"]),
        module("Snapshots", ["Archive", "Crypto", "Messages", "Runtime", "Sessions"]),
        module("WebServer", ["Runtime", "CMicroHTTPD"]),
        module("API", ["Messages", "Runtime"]),
        module("Pages", ["API", "Messages", "Runtime"], embedding: ["Assets/page.css", "Assets/page.js", "Assets/icon.svg"]),
        module(
            "Scheduler",
            ["API", "AMQP", "Bus", "Crypto", "HTTP", "Manifests", "Messages", "Pages", "Runtime", "WebServer", "CSQLite"],
            embedding: ["API/openapi.yaml"]),
        module(
            "Worker",
            [
                "AMQP", "Archive", "Bus", "Crypto", "Elasticsearch", "HTTP", "Manifests", "Messages", "Runtime", "Sessions",
                "Snapshots", "CSpawn",
            ]),
        module("Console", ["API", "Messages", "Runtime"]),
        .executableTarget(
            name: "sheaf",
            dependencies: [
                "API", "AMQP", "Archive", "Bus", "Console", "HTTP", "Manifests", "Messages", "Runtime", "Scheduler", "Sessions",
                "Snapshots", "Worker",
            ],
            swiftSettings: settings),

        benchmark("ArchiveBench", ["Archive", "Runtime", "Worker"]),

        tests("RuntimeTests", ["Runtime"]),
        tests("MessagesTests", ["Messages", "Runtime"], exclude: ["Golden"]),
        tests("SessionsTests", ["Sessions", "Messages", "Runtime"]),
        tests("ManifestsTests", ["Manifests", "Messages", "Runtime"], exclude: ["Inputs"]),
        tests("AMQPTests", ["AMQP", "Runtime", "CRabbitMQ"]),
        tests("BusTests", ["Bus", "AMQP", "Crypto", "Messages", "Runtime", "CRabbitMQ"]),
        tests("CryptoTests", ["Crypto"]),
        tests("HTTPTests", ["HTTP", "Crypto", "Runtime"]),
        tests("ElasticsearchTests", ["Elasticsearch", "HTTP", "Runtime"]),
        tests("ArchiveTests", ["Archive", "Crypto", "HTTP", "Messages", "Runtime", "Sessions", "Snapshots"]),
        tests(
            "SnapshotsTests", ["Snapshots", "Archive", "Crypto", "Messages", "Runtime", "Sessions"],
            exclude: ["Golden", "restic_retention.py"]),
        tests("WebServerTests", ["WebServer", "Runtime"]),
        tests("PagesTests", ["Pages", "API", "Messages", "Runtime"]),
        tests(
            "SchedulerTests", ["Scheduler", "API", "AMQP", "Bus", "HTTP", "Messages", "Manifests", "Runtime", "WebServer"]),
        tests(
            "WorkerTests",
            [
                "Worker", "AMQP", "Archive", "Bus", "Crypto", "Elasticsearch", "HTTP", "Manifests", "Messages", "Runtime",
                "Sessions", "Snapshots",
            ]),
        tests("ArchitectureTests", []),
        tests("ConsoleTests", ["Console", "Messages", "Runtime"]),
        tests(
            "EndToEndTests",
            [
                "sheaf", "AMQP", "Archive", "Bus", "Crypto", "HTTP", "Manifests", "Messages", "Runtime", "Scheduler", "Sessions",
                "Snapshots", "Worker",
            ]),
    ]
)
