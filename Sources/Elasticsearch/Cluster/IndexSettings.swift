import Runtime

/// Settings of an index by their full names (`index.number_of_shards`), and what a restore may do with each.
package enum IndexSettings {
    /// Turns any mixture of nested objects and dotted names into one flat object in the same order.
    static func flattened(_ settings: JSONValue) -> JSONValue {
        .object(
            leaves(of: settings).map { isRooted($0.name) ? $0 : JSONValue.Member(name: "index." + $0.name, value: $0.value) })
    }

    /// The values at the ends of nested objects and dotted names, by their full names.
    static func leaves(of settings: JSONValue) -> [JSONValue.Member] {
        var result: [JSONValue.Member] = []
        func walk(_ value: JSONValue, _ prefix: String) {
            guard let members = value.members else {
                result.append(JSONValue.Member(name: prefix, value: value))
                return
            }
            for member in members { walk(member.value, prefix.isEmpty ? member.name : "\(prefix).\(member.name)") }
        }
        walk(settings, "")
        return result
    }

    private static func isRooted(_ name: String) -> Bool { name.hasPrefix("index.") || name.hasPrefix("archived.") }

    /// Whether servers refuse the setting at creation, or it names things of the old cluster.
    ///
    /// The first group was refused by Elasticsearch 7.10 and 8.19 and OpenSearch 2.19; allocation rules name nodes and tiers.
    static func isUnrestorable(_ name: String) -> Bool {
        let names: Set<String> = [
            "index.creation_date", "index.creation_date_string", "index.uuid", "index.provided_name", "index.history.uuid",
            "index.verified_before_close", "index.search.throttled", "index.frozen", "index.allocation.existing_shards_allocator",
            "index.recovery.type", "index.mapper.dynamic", "index.resize_source_index",
            "index.routing.allocation.initial_recovery",
        ]
        let prefixes = [
            "archived.", "index.version.", "index.resize.", "index.shrink.", "index.routing.allocation.initial_recovery.",
            "index.remote_store.", "index.translog.retention.", "index.routing.allocation.include.",
            "index.routing.allocation.require.", "index.routing.allocation.exclude.", "index.store.snapshot.",
        ]
        return names.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }

    /// Whether the setting says which index it was or where it lay: every index has it, nobody chose it, and a new index has its own.
    package static func isIdentity(_ name: String) -> Bool {
        let names: Set<String> = [
            "index.creation_date", "index.creation_date_string", "index.uuid", "index.provided_name", "index.history.uuid",
            "index.routing.allocation.include._tier_preference",
        ]
        return names.contains(name) || name.hasPrefix("index.version.") || name.hasPrefix("index.resize.")
    }

    /// Set only after the load: they would refuse, slow down, delay or alter the writes, or let a policy act on half an index.
    static func isLate(_ name: String) -> Bool {
        let names: Set<String> = [
            "index.refresh_interval", "index.number_of_replicas", "index.auto_expand_replicas", "index.final_pipeline",
            "index.default_pipeline", "index.translog.durability", "index.translog.sync_interval",
            "index.write.wait_for_active_shards", "index.search.idle.after",
        ]
        let prefixes = ["index.blocks.", "index.lifecycle.", "index.plugins.index_state_management.", "index.opendistro."]
        return names.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }

    /// Settings that decide how documents are analysed or stored: dropping them would restore another index.
    static func isEssential(_ name: String) -> Bool {
        let prefixes = ["index.analysis.", "index.similarity.", "index.sort."]
        return name == "index.number_of_shards" || name == "index.routing_partition_size"
            || prefixes.contains { name.hasPrefix($0) }
    }

    /// Settings that an error text names in brackets, such as `unknown setting [index.foo]`.
    static func named(in reason: String, among settings: JSONValue) -> [String] {
        let names = (settings.members ?? []).map(\.name)
        let mentioned = Set(reason.split(separator: "[").dropFirst().map { String($0.prefix { $0 != "]" }) })
        return names.filter { name in
            // A group of settings is named by its prefix, with or without a star.
            mentioned.contains { $0 == name || ($0.hasPrefix("index.") && name.hasPrefix($0 + ".")) }
        }
    }
}
