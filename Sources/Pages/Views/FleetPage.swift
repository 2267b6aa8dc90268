package import API
import Runtime

/// Who works, and what waits at the broker.
package enum FleetPage {
    package static func page(_ workers: [WorkerView], _ queues: [QueueView], _ frame: Frame) -> Markup {
        Layout("Fleet", area: .fleet).page(frame) {
            HTML.h1 { "Fleet" }
            HTML.section(.labelledBy("workers")) {
                HTML.h2(.id("workers")) { "Workers" }
                workers.isEmpty
                    ? emptyState(
                        "No worker was heard within a day. Start one with:",
                        command: "sheaf worker --resources DIR --spool DIR") : table(workers, frame)
            }
            HTML.section(.labelledBy("queues")) {
                HTML.h2(.id("queues")) { "Queues" }
                queues.isEmpty
                    ? emptyState(
                        "The queues have not been looked at yet. Declare them once with:", command: "sheaf topology apply")
                    : table(queues)
            }
        }
    }

    private static func table(_ workers: [WorkerView], _ frame: Frame) -> Markup {
        var table = DataTable(
            id: "workers",
            caption: "\(workers.count { $0.isUp }) of \(FigureText.counted(workers.count, "worker", "workers")) up",
            json: .json("workers"),
            columns: [
                .text("Worker"), .text("State"), .text("Busy"), .text("Last heard"), .text("Started"), .text("Version"),
            ])
        for worker in workers {
            table.append([
                HTML.span(.class("name")) { worker.name },
                worker.isUp ? badge("✓", "Up", "good") : badge("✕", "Silent", "bad"),
                Markup("\(worker.busy) of \(FigureText.counted(worker.slots, "unit", "units"))"),
                momentAndDistance(worker.heardAt, frame), moment(worker.startedAt), Markup(worker.version),
            ])
        }
        return table.markup
    }

    private static func table(_ queues: [QueueView]) -> Markup {
        var table = DataTable(
            id: "queues", caption: FigureText.counted(queues.count, "queue", "queues"), json: .json("queues"),
            columns: [.text("Queue"), .figure("Messages"), .figure("Consumers")])
        for queue in queues {
            table.append([
                HTML.span(.class("name")) { queue.name }, Markup(FigureText.exact(queue.messages)),
                Markup(FigureText.exact(queue.consumers)),
            ])
        }
        return table.markup
    }
}
