import Elasticsearch
import Messages
import Runtime
import Sessions

/// Decides what becomes of a snapshot's objects in a target, before anything is written. Pure but for the listing.
struct ObjectPlanner {
    struct Plan {
        /// In the order in which they are put; data streams last.
        var objects: [PlannedObject] = []
        var notes: [String] = []
        /// Why the restore must not begin.
        var problems: [String] = []
    }

    let snapshot: SnapshotObjects
    let selection: ObjectSelection
    let policy: ObjectConflictPolicy
    let distribution: ClusterIdentity.Distribution
    /// All of the kinds in question that the target has, system objects included.
    let target: ObjectCatalog

    /// Lists what the target has of the kinds that the snapshot's objects are of.
    ///
    /// - Parameters:
    ///   - streams: the data streams that are restored, as `StreamPlanner` placed them: their templates come along whatever is selected.
    static func plan(
        _ snapshot: SnapshotObjects, parameters: TaskParameters, streams: [PlannedObject], client: ElasticsearchClient
    ) throws -> Plan {
        let selection = parameters.restoredObjects
        var kinds = Set(snapshot.objects.map(\.kind).filter { selection.mayTake(ClusterObjectKind($0)) })
        if !streams.isEmpty { kinds.formUnion([.indexTemplates, .componentTemplates]) }
        kinds.remove(.dataStreams)
        let planner = ObjectPlanner(
            snapshot: snapshot, selection: selection, policy: parameters.restore.objectConflict,
            distribution: try client.identity().distribution,
            target: kinds.isEmpty ? ObjectCatalog() : try client.objects(of: kinds, includesSystem: true))
        return try planner.plan(streams: streams)
    }

    func plan(streams: [PlannedObject]) throws -> Plan {
        var plan = Plan()
        if !snapshot.unknownKinds.isEmpty {
            plan.notes.append(
                "objects of kinds that this program does not know are left out: \(snapshot.unknownKinds.sorted().joined(separator: ", "))"
            )
        }
        let chosen = snapshot.objects.filter {
            $0.kind != .dataStreams && selection.takes(ClusterObjectKind($0.kind), named: $0.name)
        }
        reportKinds(of: chosen, &plan)
        var planned: [PlannedObject] = []
        for object in chosen { planned.append(try self.planned(object, &plan)) }
        try reportMissingParts(of: chosen, &plan)
        for stream in streams where stream.action == .create || stream.action == .overwrite {
            try requireTemplate(of: stream, &planned, &plan)
        }
        // Stable, so that pipelines keep their order; what streams brought along goes to its kind.
        plan.objects = ClusterObjectKind.allCases.flatMap { kind in planned.filter { $0.kind == kind } } + streams
        return plan
    }

    private func planned(_ object: ClusterObject, _ plan: inout Plan) throws -> PlannedObject {
        func planned(_ action: PlannedObject.Action) -> PlannedObject {
            PlannedObject(kind: ClusterObjectKind(object.kind), name: object.name, targetName: object.name, action: action)
        }
        guard !target.absent.contains(object.kind), target.unreadable[object.kind] == nil else { return planned(.unsupported) }
        let adapted = try ObjectDialect.adapt(object, to: distribution)
        if let refusal = adapted.refusal { plan.problems.append(refusal) }
        if !adapted.dropped.isEmpty {
            plan.notes.append(
                "\(object): left out \(adapted.dropped.joined(separator: ", ")), which \(distribution.title) does not know")
        }
        guard let standing = target.object(object.kind, object.name) else { return planned(.create) }
        if try adapted.object.means(theSameAs: standing) { return planned(.unchanged) }
        switch policy {
        case .skip:
            plan.notes.append("\(object) is there already, differs, and is left as it is (objectConflict: skip)")
            return planned(.skip)
        case .overwrite: return planned(.overwrite)
        case .fail:
            plan.problems.append(
                "\(object) is there already and differs; choose objectConflict: skip or overwrite, or leave it out with objects: -\(object)"
            )
            return planned(.skip)
        }
    }

    private func reportKinds(of chosen: [ClusterObject], _ plan: inout Plan) {
        for kind in ObjectKind.allCases {
            let names = chosen.filter { $0.kind == kind }.map(\.name)
            guard !names.isEmpty else { continue }
            if target.absent.contains(kind) {
                plan.notes.append(
                    "the target has no \(kind.title); not restored: \(names.joined(separator: ", "))")
            }
            if let reason = target.unreadable[kind] {
                plan.problems.append(
                    "\(kind.title) of the target could not be read: \(reason); give the right, or leave them out with objects: -\(kind.rawValue)"
                )
            }
        }
    }

    private func reportMissingParts(of chosen: [ClusterObject], _ plan: inout Plan) throws {
        for template in chosen where template.kind == .indexTemplates {
            for name in try StreamTemplates.components(of: template)
            where target.object(.componentTemplates, name) == nil
                && !chosen.contains(where: { $0.kind == .componentTemplates && $0.name == name })
            {
                plan.notes.append("\(template) is composed of \(name), which is neither restored nor there")
            }
        }
    }

    /// A stream needs a template that makes data streams and counts for its name, or it can be neither made nor rolled over.
    private func requireTemplate(of stream: PlannedObject, _ planned: inout [PlannedObject], _ plan: inout Plan) throws {
        let name = stream.targetName
        let there = try templates(after: planned)
        let effective = try StreamTemplates.effective(for: name, among: there)
        if let effective, try StreamTemplates.covers(effective, name) { return }
        guard let source = snapshot.object(.dataStreams, stream.name),
            let template = try StreamTemplates.template(of: DataStream(source), among: snapshot.objects)
        else {
            plan.problems.append(
                "data stream \(name) has no index template, neither in the snapshot nor in the target; make one that covers \(name)"
            )
            return
        }
        if let effective, try StreamTemplates.priority(of: template) <= StreamTemplates.priority(of: effective) {
            plan.problems.append(
                "data stream \(name) cannot have an index template: \(effective), which makes no data streams, covers the name with the "
                    + "same priority as \(template) or a higher one; make one of a higher priority for it, or rename the data stream"
            )
            return
        }
        let fits = try StreamTemplates.covers(template, name) && !there.contains { $0.name == template.name }
        if !fits {
            guard !there.contains(where: { $0.name == name }) else {
                plan.problems.append(
                    "data stream \(name) needs an index template of its own, but indexTemplates:\(name) is another one, which does not cover "
                        + "it; make one that covers \(name), or rename the data stream")
                return
            }
            plan.notes.append(
                "data stream \(name) gets an index template of its own, \(name): a copy of \(template.name), which does not cover it"
            )
        }
        planned.append(
            PlannedObject(kind: .indexTemplates, name: template.name, targetName: fits ? template.name : name, action: .create))
        let adapted = try ObjectDialect.adapt(template, to: distribution)
        if let refusal = adapted.refusal { plan.problems.append(refusal) }
        for part in try StreamTemplates.components(of: template)
        where target.object(.componentTemplates, part) == nil
            && !planned.contains(where: { $0.kind == .componentTemplates && $0.name == part })
        {
            if let component = snapshot.object(.componentTemplates, part) {
                planned.append(try self.planned(component, &plan))
            } else {
                plan.notes.append("\(template) is composed of \(part), which is neither restored nor there")
            }
        }
    }

    /// The index templates that will be there: the target's own, and what is put over them. Those of other restores go.
    private func templates(after planned: [PlannedObject]) throws -> [ClusterObject] {
        var templates = target.objects.filter {
            $0.kind == .indexTemplates && !$0.name.hasPrefix(StreamRestorer.ownPrefix)
        }
        for object in planned where object.kind == .indexTemplates && [.create, .overwrite].contains(object.action) {
            guard let template = snapshot.object(.indexTemplates, object.name) else { continue }
            templates.removeAll { $0.name == object.targetName }
            templates.append(
                object.targetName == object.name
                    ? template : try StreamTemplates.copy(of: template, for: object.targetName))
        }
        return templates
    }
}
