import Messages

extension ResourceDecoder {
    /// What is made of it for a sample is checked now, so that a blueprint is complained about where it is written and not where it is used.
    func backupBlueprint(_ metadata: ObjectMeta?, _ fields: FieldDecoder) -> BackupBlueprint? {
        fields.part(of: "spec") { spec in
            spec.ignore("backupNamespace", "repoNamespace")
            for name in BackupBlueprint.repositoryFields + BackupBlueprint.configurationFields { spec.ignore(name) }
            spec.finish()
        }
        guard let spec = fields.node("spec"), case .mapping = spec.content else {
            fields.complainMissing("spec", "the blueprint's fields")
            return nil
        }
        guard let metadata else { return nil }
        let blueprint = BackupBlueprint(metadata: metadata, spec: spec)
        let sample = BlueprintTarget(sampleAt: spec.place)
        for document in BlueprintExpansion(blueprint: blueprint, target: sample, log: log).documents() {
            _ = decode(document)
        }
        return blueprint
    }
}
