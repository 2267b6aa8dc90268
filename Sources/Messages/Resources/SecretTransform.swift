/// One change to a Secret's keys before it is read; an AppBinding lists them and they apply in order.
package enum SecretTransform: Sendable, Hashable {
    case renameKey(from: String, to: String)
    /// `value` (base64) or `stringValue` of the manifest.
    case addKey(key: String, value: SecretValue)
    /// The Secret lies in the AppBinding's namespace.
    case addKeysFrom(secretName: String)
    case removeKey(key: String)

    /// The Secret after this step; `added` is the Secret that `addKeysFrom` names.
    ///
    /// Renaming or removing what is not there changes nothing; a key that is already there is overwritten.
    package func applied(to secret: Secret, adding added: Secret? = nil) -> Secret {
        var changed = secret
        switch self {
        case .renameKey(let from, let to):
            guard let value = secret[from] else { return secret }
            changed[from] = nil
            changed[to] = value
        case .addKey(let key, let value):
            changed[key] = value
        case .addKeysFrom:
            for key in added?.keys ?? [] { changed[key] = added?[key] }
        case .removeKey(let key):
            changed[key] = nil
        }
        return changed
    }
}

extension SecretTransform: Codable {
    private enum CodingKeys: String, CodingKey {
        case renameKey, addKey, addKeysFrom, removeKey
    }

    private struct Rename: Codable {
        var from: String
        var to: String
    }

    private struct Added: Decodable {
        var key: String
        var value: String?
        var stringValue: String?
    }

    private struct AddedFrom: Codable {
        var secretRef: Named
    }

    private struct Named: Codable {
        var name: String
    }

    private struct Removed: Codable {
        var key: String
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let rename = try container.decodeIfPresent(Rename.self, forKey: .renameKey) {
            self = .renameKey(from: rename.from, to: rename.to)
        } else if let added = try container.decodeIfPresent(Added.self, forKey: .addKey) {
            guard let value = added.stringValue.map({ SecretValue($0) }) ?? added.value.flatMap(SecretValue.init(base64:)) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .addKey, in: container, debugDescription: "addKey needs stringValue, or value in base64")
            }
            self = .addKey(key: added.key, value: value)
        } else if let source = try container.decodeIfPresent(AddedFrom.self, forKey: .addKeysFrom) {
            self = .addKeysFrom(secretName: source.secretRef.name)
        } else {
            self = .removeKey(key: try container.decode(Removed.self, forKey: .removeKey).key)
        }
    }

    /// Throws for `addKey`: its value is a secret, which must not travel in a message.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .renameKey(let from, let to): try container.encode(Rename(from: from, to: to), forKey: .renameKey)
        case .addKeysFrom(let name): try container.encode(AddedFrom(secretRef: Named(name: name)), forKey: .addKeysFrom)
        case .removeKey(let key): try container.encode(Removed(key: key), forKey: .removeKey)
        case .addKey(let key, _):
            throw EncodingError.invalidValue(
                key,
                .init(
                    codingPath: container.codingPath + [CodingKeys.addKey],
                    debugDescription: "addKey \(key) carries a secret and cannot be sent in a message; put it in a Secret"))
        }
    }
}
