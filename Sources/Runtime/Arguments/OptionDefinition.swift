/// One row in a command's table of options; help, parsing and environment names all come from it.
package struct OptionDefinition: Sendable {
    package enum Kind: Sendable, Equatable {
        case flag
        /// Takes a value, shown under this name in the help.
        case value(String)
        /// Takes its value from a file or the environment only: arguments are visible to every user of the machine.
        case secret
    }

    /// The name without dashes, by which the command asks for it.
    package let name: String
    package let short: Character?
    package let kind: Kind
    package let help: String
    package let defaultValue: String?
    /// The environment variable that is read when the option is not given. With `_FILE` behind it for secrets.
    package let environment: String?
    package let isRepeatable: Bool
    package let isRequired: Bool

    private init(
        _ name: String, _ short: Character?, _ kind: Kind, _ help: String, _ defaultValue: String? = nil, _ environment: String?,
        isRepeatable: Bool = false, isRequired: Bool = false
    ) {
        self.name = name
        self.short = short
        self.kind = kind
        self.help = help
        self.defaultValue = defaultValue
        self.environment = environment
        self.isRepeatable = isRepeatable
        self.isRequired = isRequired
    }

    /// `--wait`, `--wait=false`; the variable takes true, false, 1, 0, yes, no.
    package static func flag(_ name: String, short: Character? = nil, help: String, environment: String? = nil) -> Self {
        Self(name, short, .flag, help, nil, environment)
    }

    /// `--timeout 10m`, `--timeout=10m`, `-t 10m`.
    package static func value(
        _ name: String, short: Character? = nil, valueName: String, help: String, default defaultValue: String? = nil,
        environment: String? = nil, isRequired: Bool = false
    ) -> Self {
        Self(name, short, .value(valueName), help, defaultValue, environment, isRequired: isRequired)
    }

    /// An option that may come several times; the variable separates values by commas.
    package static func repeated(
        _ name: String, short: Character? = nil, valueName: String, help: String, environment: String? = nil
    ) -> Self {
        Self(name, short, .value(valueName), help, nil, environment, isRepeatable: true)
    }

    /// `--NAME-file PATH`, the variable itself, or the variable with `_FILE` naming a file.
    package static func secret(_ name: String, help: String, environment: String, isRequired: Bool = false) -> Self {
        Self(name, nil, .secret, help, nil, environment, isRequired: isRequired)
    }

    /// How it is typed: `--timeout`, or `--password-file` for the secret `password`.
    package var flagName: String { kind == .secret ? "--\(name)-file" : "--\(name)" }

    var valueName: String? {
        switch kind {
        case .flag: nil
        case .value(let name): name
        case .secret: "PATH"
        }
    }
}

/// One argument without a dash, by its place.
package struct PositionalDefinition: Sendable {
    package let name: String
    package let help: String
    package let isRequired: Bool
    /// Takes all that is left; only the last one may.
    package let isRepeatable: Bool

    package init(_ name: String, help: String, isRequired: Bool = true, isRepeatable: Bool = false) {
        self.name = name
        self.help = help
        self.isRequired = isRequired
        self.isRepeatable = isRepeatable
    }

    var usage: String {
        let shown = isRepeatable ? "\(name.uppercased())..." : name.uppercased()
        return isRequired ? shown : "[\(shown)]"
    }
}
