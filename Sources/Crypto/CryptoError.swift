import CCrypto

/// A failure of libcrypto itself: never a wrong password or digest, which are answers, not errors.
package struct CryptoError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The algorithm is missing or refused, for example by a FIPS configuration.
        case unavailable
        /// libcrypto could not allocate memory or gather randomness.
        case exhausted
    }

    package let code: Code
    package let message: String

    /// Only a lack of resources passes by itself.
    package var isRetryable: Bool { code == .exhausted }

    package var description: String { message }

    /// Takes libcrypto's own text from this thread's error queue and empties the queue.
    init(_ code: Code, doing action: String, advice: String) {
        var text = [CChar](repeating: 0, count: 256)
        let number = ERR_get_error()
        ERR_error_string_n(number, &text, text.count)
        ERR_clear_error()
        let reason = number == 0 ? "no reason given" : String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        self.code = code
        message = "libcrypto cannot \(action): \(reason); \(advice)"
    }
}
