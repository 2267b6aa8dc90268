import Messages

@testable import Sessions

/// What a commit takes for one slice: the parts of one epoch, read as the composer of snapshots reads them, and nothing else.
struct ComposedSlice: Equatable {
    var documents = 0
    /// Why these parts are not one whole view (or one whole run of segments); nil when they are.
    var flaw: String?

    init(_ journal: [EntryName: Entry], kind: SessionKind, slice: Int, epoch: Int) {
        var source = "snapshot"
        var expected = 0
        if case .plan(let plan)? = journal[.plan] { expected = plan.slices[slice].documents }
        if kind == .backup {
            guard case .view(let view)? = journal[.view(slice: slice, epoch: epoch)] else {
                flaw = "slice \(slice) is committed at epoch \(epoch), which has no view"
                return
            }
            source = view.pointInTime
            expected = view.documents
        }
        var number = 0
        while case .part(let part)? = journal[.part(slice: slice, epoch: epoch, number: number)] {
            for segment in part.segments {
                guard segment.id == "\(source):\(documents):\(documents + segment.documents)" else {
                    flaw = "slice \(slice), epoch \(epoch): segment \(segment.id) follows document \(documents) of \(source)"
                    return
                }
                documents += segment.documents
            }
            if part.endsSlice {
                if documents != expected { flaw = "slice \(slice), epoch \(epoch): \(documents) of \(expected) documents" }
                return
            }
            number += 1
        }
        flaw = "slice \(slice), epoch \(epoch): there is no part \(number)"
    }
}
