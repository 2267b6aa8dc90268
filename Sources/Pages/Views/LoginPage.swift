/// Where a token is given for a login.
package enum LoginPage {
    /// - Parameters:
    ///   - formToken: that of the form's own cookie.
    ///   - next: where to go afterwards, a path of this server.
    ///   - complaint: why the last try did not succeed.
    package static func page(formToken: String, next: String?, complaint: String? = nil) -> Markup {
        Layout("Log in").bare {
            HTML.h1 { "Log in" }
            if let complaint { HTML.p(.class("complaint"), .role("alert"), .id("complaint")) { complaint } }
            postForm(.login, token: formToken, class: "stack") {
                if let next { hiddenField(FormField.next, next) }
                HTML.label(.for("token")) { "Token" }
                HTML.input(
                    .type("password"), .id("token"), .name(FormField.accessToken), .autocomplete("current-password"), .required,
                    .notSpellchecked, complaint == nil ? .describedBy("whence") : .describedBy("complaint whence"))
                HTML.p(.class("dim"), .id("whence")) {
                    "Made by "
                    HTML.code { "sheaf token create NAME --role ROLE" }
                    "; the first one is in the file "
                    HTML.code { "admin-token" }
                    " of the Scheduler's state folder."
                }
                HTML.button(.type("submit"), .class("main")) { "Log in" }
            }
        }
    }
}
