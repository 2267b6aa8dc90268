package import API
import Crypto
package import Messages

extension RestorePlan {
    /// - Throws: `CryptoError`; what cannot be encoded.
    package init(_ preview: RestorePreview, of restore: RestoreSession) throws {
        self.init(
            preview: preview,
            planHash: preview.problems.isEmpty ? try SHA256.digest(of: try preview.essence(of: restore)).hex : nil)
    }
}
