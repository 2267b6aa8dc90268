package import API
import Crypto
package import Messages

extension RestorePlan {
    /// Everything that a restore depends on and would do; its SHA-256 is the plan's hash.
    private struct Essence: Encodable {
        var restore: RestoreSession
        var snapshot: SnapshotID
        var target: String
        var indices: [RestorePreview.Index]
        var objects: [RestorePreview.Object]
    }

    /// - Throws: `CryptoError`; what cannot be encoded.
    package init(_ preview: RestorePreview, of restore: RestoreSession) throws {
        let essence = Essence(
            restore: restore, snapshot: preview.snapshot, target: preview.target, indices: preview.indices,
            objects: preview.objects)
        self.init(
            preview: preview,
            planHash: preview.problems.isEmpty ? try SHA256.digest(of: try MessageCoding.encode(essence)).hex : nil)
    }
}
