import Elasticsearch
import Runtime

/// Puts settings back that a load had changed.
struct SettingsRestorer {
    let client: ElasticsearchClient

    /// Sets all at once, or one by one where the server refuses some: those are of another product or version.
    /// - Returns: a sentence for each that was refused.
    func restore(_ settings: JSONValue, of index: String) throws -> [String] {
        do throws(ElasticsearchError) {
            try client.updateSettings(index, settings)
            return []
        } catch {
            guard error.code == .badRequest else { throw error }
        }
        var refused: [String] = []
        for setting in settings.members ?? [] {
            do throws(ElasticsearchError) {
                try client.updateSettings(index, .object([setting]))
            } catch {
                guard error.code == .badRequest else { throw error }
                refused.append("index \(index): setting \(setting.name) was refused and left out: \(error.message)")
            }
        }
        return refused
    }
}
