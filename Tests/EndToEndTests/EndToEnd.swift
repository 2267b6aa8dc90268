import Testing

/// The built program against real servers: processes, messages, bytes. One test at a time, since all use the broker's queues.
@Suite(
    .serialized, .requiresBroker,
    .compactMapIssues { issue in
        FailureCount.increment()
        return issue
    })
enum EndToEnd {}
