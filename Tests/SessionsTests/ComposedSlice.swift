import Messages

@testable import Sessions

/// What a commit takes for one slice: the parts of one epoch, read as the composer of snapshots reads them, and nothing else.
struct ComposedSlice: Equatable {
    var documents = 0
    var rejected = 0
    /// The slice was given up, as the plan lets it.
    var isGivenUp = false
    /// Why these parts are not one whole view (or one whole run of segments); nil when they are.
    var flaw: String?

    init(_ journal: [EntryName: Entry], kind: SessionKind, slice: Int, epoch: Int) {
        var source = "snapshot"
        var expected = 0
        guard case .plan(let plan)? = journal[.plan] else { return }
        expected = plan.slices[slice].documents
        if case .done(let done)? = journal[.done(slice: slice, epoch: epoch)], done.failure != nil {
            isGivenUp = true
            if plan.allowPartial != true { flaw = "slice \(slice) was given up, which the plan does not allow" }
            return
        }
        if kind == .backup {
            guard case .view(let view)? = journal[.view(slice: slice, epoch: epoch)] else {
                flaw = "slice \(slice) is committed at epoch \(epoch), which has no view"
                return
            }
            source = view.pointInTime
            expected = view.documents
            if view.scrolls == true, case .part(let first)? = journal[.part(slice: slice, epoch: epoch, number: 0)] {
                // The scroll that the first part read, whose cursor the others go on with.
                source = first.segments.first.map { String($0.id.prefix { $0 != ":" }) } ?? ""
                expected = first.total ?? -1
            }
        }
        var number = 0
        while case .part(let part)? = journal[.part(slice: slice, epoch: epoch, number: number)] {
            rejected += part.rejected ?? 0
            for segment in part.segments where segment.kind == "bulk" {
                guard segment.id == "\(source):\(documents + rejected):\(documents + rejected + segment.documents)" else {
                    flaw = "slice \(slice), epoch \(epoch): segment \(segment.id) follows document \(documents) of \(source)"
                    return
                }
                documents += segment.documents
            }
            if part.endsSlice {
                if documents + rejected != expected {
                    flaw = "slice \(slice), epoch \(epoch): \(documents) of \(expected) documents"
                }
                return
            }
            number += 1
        }
        flaw = "slice \(slice), epoch \(epoch): there is no part \(number)"
    }
}
