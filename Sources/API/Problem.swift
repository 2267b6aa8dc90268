/// An error as the API tells it: RFC 9457's problem details with a stable code.
package struct Problem: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Codable, Sendable, CaseIterable {
        case invalid, unauthorized, forbidden, notFound, methodNotAllowed, conflict, changed, tooLarge, unsupportedMediaType
        case failed, unavailable, unreachable

        package var status: Int {
            switch self {
            case .invalid: 400
            case .unauthorized: 401
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .conflict, .changed: 409
            case .tooLarge: 413
            case .unsupportedMediaType: 415
            case .failed: 500
            case .unavailable: 503
            case .unreachable: 504
            }
        }

        /// The same for every problem of the code.
        package var title: String {
            switch self {
            case .invalid: "The request is not valid"
            case .unauthorized: "A token is needed"
            case .forbidden: "The token may not do this"
            case .notFound: "There is no such thing"
            case .methodNotAllowed: "The method is not allowed here"
            case .conflict: "It cannot be done as things are"
            case .changed: "What was planned has changed"
            case .tooLarge: "The request is too large"
            case .unsupportedMediaType: "The content type is not understood"
            case .failed: "It could not be done"
            case .unavailable: "It cannot be done now"
            case .unreachable: "Nobody answered"
            }
        }
    }

    /// `urn:sheaf:problem:CODE`.
    package var type: String
    package var title: String
    package var status: Int
    /// Names the object, the cause and what to do.
    package var detail: String
    package var code: Code

    package init(_ code: Code, _ detail: String) {
        type = "urn:sheaf:problem:\(code.rawValue)"
        title = code.title
        status = code.status
        self.detail = detail
        self.code = code
    }

    package var description: String { detail }
}
