package import API
import Messages
import Runtime

/// All repositories.
package enum RepositoriesPage {
    package static func page(_ repositories: [RepositoryView], _ frame: Frame) -> Markup {
        Layout("Repositories", area: .repositories).page(frame) {
            HTML.h1 { "Repositories" }
            if repositories.isEmpty {
                emptyState(
                    "There is no repository yet. Write a Repository, and hand it over:", command: "sheaf apply -f repository.yaml"
                )
            } else {
                table(repositories)
            }
        }
    }

    private static func table(_ repositories: [RepositoryView]) -> Markup {
        var table = DataTable(
            id: "repositories", caption: FigureText.counted(repositories.count, "repository", "repositories"),
            json: .json("repositories"),
            columns: [
                .text("Repository"), .text("Reachable"), .text("Integrity"), .figure("Snapshots"), .figure("Size"),
                .text("Last backup"), .text("Where"), .text("Restore"),
            ])
        for repository in repositories {
            let status = repository.status
            table.append([
                HTML.a(.href(.repository(repository.namespace, repository.name))) {
                    HTML.span(.class("dim")) { "\(repository.namespace)/" }
                    repository.name
                },
                RepositoryPage.reachable(repository), RepositoryPage.integrity(repository),
                Markup(status.map { FigureText.exact($0.snapshotCount) } ?? "–"),
                Markup(status.map { "\(ByteCount($0.size))" } ?? "–"), status?.lastBackupTime.map { moment($0) } ?? Markup("–"),
                Markup(repository.location),
                HTML.a(
                    .href(.snapshots(repository.namespace, repository.name)), .label("Snapshots of \(repository.name)")
                ) { "Snapshots" },
            ])
        }
        return table.markup
    }
}

/// One repository.
package enum RepositoryPage {
    package static func page(_ repository: RepositoryView, _ frame: Frame) -> Markup {
        Layout("Repository \(repository.name)", area: .repositories).page(frame) {
            HTML.div(.class("heading")) {
                HTML.h1 { "\(repository.namespace)/\(repository.name)" }
                reachable(repository)
                HTML.a(.class("json"), .href(.json("repositories")), .label("JSON: repositories")) { "JSON" }
            }
            HTML.p {
                HTML.a(.class("button main"), .href(.snapshots(repository.namespace, repository.name))) { "Snapshots" }
            }
            HTML.section(.labelledBy("facts")) {
                HTML.h2(.id("facts")) { "How it is" }
                facts(repository, frame)
            }
            HTML.section(.labelledBy("plans")) {
                HTML.h2(.id("plans")) { "Plans that store here" }
                plans(repository)
            }
            equivalent([
                command("sheaf", "repo", "status", "\(repository.namespace)/\(repository.name)"),
                command("sheaf", "repo", "verify", "\(repository.namespace)/\(repository.name)", "--mode", "sampled"),
            ])
        }
    }

    private static func facts(_ repository: RepositoryView, _ frame: Frame) -> Markup {
        HTML.dl(.class("facts wide")) {
            fact("Where") { HTML.code { repository.location } }
            fact("Last looked at") { momentAndDistance(repository.checkedAt, frame) }
            if let status = repository.status {
                fact("Snapshots") { FigureText.exact(status.snapshotCount) }
                fact("Size") { "\(ByteCount(status.size))" }
                fact("First backup") { momentAndDistance(status.firstBackupTime, frame) }
                fact("Last backup") { momentAndDistance(status.lastBackupTime, frame) }
                fact("Forgotten by the last retention") {
                    FigureText.counted(status.snapshotsRemovedOnLastCleanup, "snapshot", "snapshots")
                }
            } else {
                fact("Status") { "no worker has told yet" }
            }
            fact("Integrity") { integrity(repository) }
        }
    }

    @MarkupBuilder
    private static func plans(_ repository: RepositoryView) -> Markup {
        if repository.plans.isEmpty {
            HTML.p(.class("dim")) { "None." }
        } else {
            HTML.ul {
                for plan in repository.plans { HTML.li { link(plan) } }
            }
        }
    }

    private static func link(_ plan: String) -> Markup {
        let parts = plan.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return Markup(plan) }
        return HTML.a(.href(.sessions(ofPlan: parts[1], namespace: parts[0]))) { plan }
    }

    static func reachable(_ repository: RepositoryView) -> Markup {
        switch repository.isUp {
        case true?: badge("✓", "Reachable", "good")
        case false?: badge("✕", "Not reachable", "bad")
        case nil: badge("?", "Not known", "waiting")
        }
    }

    static func integrity(_ repository: RepositoryView) -> Markup {
        switch repository.status?.integrity {
        case true?: badge("✓", "Whole", "good")
        case false?: badge("✕", "Damaged", "bad")
        case nil: badge("?", "Not verified", "waiting")
        }
    }
}
