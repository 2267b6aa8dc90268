import Bus
import Sessions

extension EntryName {
    /// Nil for the claim of a hook, as for the hook.
    var failpoint: Failpoint.Step? {
        switch self {
        case .claim: nil
        case .begin: .putBegin
        case .plan: .putPlan
        case .view: .putView
        case .part: .putPart
        case .done: .putDone
        case .outcome: .putOutcome
        case .final: .putFinal
        }
    }
}

extension Handling.Work {
    /// Nil for what only a race comes to, an index that was created too late, and for hooks and steps, which are programs that a test may stop itself.
    var failpoint: Failpoint.Step? {
        switch self {
        case .plan: .plan
        case .prepare: .prepare
        case .openView: .openView
        case .closeView: .closeView
        case .dropIndices, .run: nil
        case .transfer: .transfer
        case .compose: .compose
        case .finish: .finish
        }
    }
}

extension Handling.Publication {
    /// That of a batch is its first one's.
    var failpoint: Failpoint.Step? {
        switch self {
        case .running: .publishStart
        case .unit: .publishUnit
        case .final: .publishFinal
        case .expired, .identifierInUse: nil
        }
    }
}
