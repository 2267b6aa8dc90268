import Crypto

/// A writer's mark on a journal entry: 16 random bytes in hexadecimal.
enum Nonce {
    static func make() throws -> String {
        let digits = Array("0123456789abcdef")
        return String(try randomBytes(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
