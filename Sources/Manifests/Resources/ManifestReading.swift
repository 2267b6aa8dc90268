import Messages

/// What one file gave, before it is put beside others.
struct ManifestReading: Sendable {
    private enum Entry: Sendable {
        /// With the place of its name.
        case declared(AnyDeclared, SourcePlace)
        case unhandled(UnhandledResource)
        case refused(RefusedResource)
    }

    private var entries: [Entry] = []
    private var complaints: [FieldComplaint] = []

    init(_ bytes: [UInt8], file: String) {
        let log = ComplaintLog()
        for document in YAMLComposer.documents(of: bytes, file: file, log: log) {
            guard document.node["kind"]?.text == "List", document.node["apiVersion"]?.text == "v1",
                case .sequence(let items) = document.node["items"]?.content
            else {
                add(document.node, isSound: document.isSound, log)
                continue
            }
            for item in items { add(item, isSound: document.isSound, log) }
        }
        complaints = log.complaints
    }

    init(unreadable complaint: FieldComplaint) {
        complaints = [complaint]
    }

    /// What is not sound as YAML is decoded for its complaints only.
    private mutating func add(_ document: YAMLNode, isSound: Bool, _ log: ComplaintLog) {
        switch ResourceDecoder(log: log).decode(document) {
        case .refused(let resource): if let resource { entries.append(.refused(resource)) }
        case .unhandled(let resource): entries.append(.unhandled(resource))
        case .resource(let declared):
            guard isSound else { return }
            entries.append(.declared(declared, document["metadata"]?["name"]?.place ?? document.place))
        }
    }

    fileprivate func add(to loaded: inout LoadedResources) {
        loaded.complaints += complaints
        for entry in entries {
            switch entry {
            case .unhandled(let resource): loaded.resources.unhandled.append(resource)
            case .refused(let resource): loaded.refused.append(resource)
            case .declared(let declared, let place):
                guard let earlier = loaded.resources.add(declared) else { continue }
                let message = "\(declared.key) is already declared at \(earlier)"
                loaded.complaints.append(FieldComplaint(.error, at: place, path: "metadata.name", message))
            }
        }
    }
}

extension LoadedResources {
    /// Of two resources with one name the first counts. Blueprints are used once all is read.
    init(of readings: [ManifestReading]) {
        self.init(resources: ResourceSet(), refused: [], complaints: [])
        for reading in readings { reading.add(to: &self) }
        let made = BlueprintUse(of: resources).expand()
        for resource in made.resources { _ = resources.add(resource) }
        complaints += made.complaints.filter { !complaints.contains($0) }
        complaints.sort { $0.place < $1.place }
    }
}
