package import API
package import Runtime

/// What every page of a login needs beside its own content.
package struct Frame: Sendable {
    package var actor: Actor
    /// Stands in every form, and proves that it came from a page of this login.
    package var formToken: String
    /// A fresh one for each page: what a form starts twice is one session.
    package var formKey: String
    package var now: Timestamp
    package var health: Result<Health, Problem>
    /// Of the program.
    package var version: String

    package init(
        actor: Actor, formToken: String, formKey: String, now: Timestamp, health: Result<Health, Problem>, version: String
    ) {
        self.actor = actor
        self.formToken = formToken
        self.formKey = formKey
        self.now = now
        self.health = health
        self.version = version
    }

    /// How long ago, or in how long, for people.
    func distance(to time: Timestamp) -> String {
        let duration = now - time
        if duration.seconds.magnitude < 1 { return "now" }
        return duration > .zero ? "\(duration.shortText) ago" : "in \((Duration.zero - duration).shortText)"
    }
}

/// Names of fields that every form may have.
package enum FormField {
    package static let token = "formToken"
    package static let key = "key"
    /// Of the login form: the token, and where to go afterwards.
    package static let accessToken = "token"
    package static let next = "next"
    package static let confirmation = "confirmation"
    package static let planHash = "planHash"
}
