package import Runtime

/// All that is needed to make an index anew, and how much is in it.
package struct IndexDefinition: Sendable, Equatable {
    package var name: String
    package var uuid: String
    package var numberOfShards: Int
    /// Flat, by full name, without what cannot be restored; `index.number_of_routing_shards` is among them when known.
    package var settings: JSONValue
    /// Names of the settings left out.
    package var strippedSettings: [String]
    /// As the server gave it.
    package var mappings: JSONValue
    package var aliases: JSONValue
    /// The data stream that the index is a part of.
    package var dataStream: String?
    /// By `_count`, nested documents not counted; 0 for a closed index.
    package var documents: Int
    /// Bytes of the primaries: an estimate of the work.
    package var storeBytes: Int
    package var isOpen: Bool
    /// False when the user may not refresh: writes of the last moments may be invisible to views.
    package var isRefreshed: Bool
    /// Some of its documents cannot be read now; they are not counted then. Of the catalog's moment, not kept.
    package var hasUnassignedPrimary = false
    /// Why its documents cannot be read, as the server says: a block, a right that is missing, a shard that fails. Of the catalog's moment.
    package var unreadable: String?
    /// The alias for which alone it was selected. Of the catalog's moment, not kept.
    package var matchedAlias: String?

    package init(
        name: String, uuid: String, numberOfShards: Int, settings: JSONValue = [:], strippedSettings: [String] = [],
        mappings: JSONValue = [:], aliases: JSONValue = [:], dataStream: String? = nil, documents: Int = 0, storeBytes: Int = 0,
        isOpen: Bool = true, isRefreshed: Bool = true
    ) {
        self.name = name
        self.uuid = uuid
        self.numberOfShards = numberOfShards
        self.settings = settings
        self.strippedSettings = strippedSettings
        self.mappings = mappings
        self.aliases = aliases
        self.dataStream = dataStream
        self.documents = documents
        self.storeBytes = storeBytes
        self.isOpen = isOpen
        self.isRefreshed = isRefreshed
    }

    /// The greatest page that searches on the index may ask for.
    package var maxResultWindow: Int {
        let value = settings["index.max_result_window"]
        return value?.int ?? value?.string.flatMap { Int($0) } ?? 10_000
    }

    /// What the index is created with: all but the late settings.
    package var creationSettings: JSONValue { filteredSettings { !IndexSettings.isLate($0) } }

    /// What to set when the load is over, for `updateSettings`; null resets what the load had changed.
    package var finishingSettings: JSONValue {
        var late = filteredSettings { IndexSettings.isLate($0) }
        for name in ["index.refresh_interval", "index.number_of_replicas"] where late[name] == nil { late[name] = .null }
        return late
    }

    private func filteredSettings(_ isWanted: (String) -> Bool) -> JSONValue {
        .object((settings.members ?? []).filter { isWanted($0.name) })
    }
}

extension IndexDefinition {
    /// For manifests and plans; counts belong to the moment and are kept too.
    package var json: JSONValue {
        [
            "name": .string(name), "uuid": .string(uuid), "numberOfShards": JSONValue(numberOfShards), "settings": settings,
            "strippedSettings": .array(strippedSettings.map { .string($0) }), "mappings": mappings, "aliases": aliases,
            "dataStream": dataStream.map { .string($0) } ?? .null, "documents": JSONValue(documents),
            "storeBytes": JSONValue(storeBytes), "isOpen": JSONValue(isOpen), "isRefreshed": JSONValue(isRefreshed),
        ]
    }

    /// nil when a member without a default is missing.
    package init?(json: JSONValue) {
        guard let name = json["name"]?.string, let uuid = json["uuid"]?.string, let shards = json["numberOfShards"]?.int,
            let settings = json["settings"], let mappings = json["mappings"], let aliases = json["aliases"],
            let documents = json["documents"]?.int
        else { return nil }
        self.init(
            name: name, uuid: uuid, numberOfShards: shards, settings: settings,
            strippedSettings: (json["strippedSettings"]?.array ?? []).compactMap(\.string), mappings: mappings, aliases: aliases,
            dataStream: json["dataStream"]?.string, documents: documents, storeBytes: json["storeBytes"]?.int ?? 0,
            isOpen: json["isOpen"]?.bool ?? true, isRefreshed: json["isRefreshed"]?.bool ?? true)
    }
}
