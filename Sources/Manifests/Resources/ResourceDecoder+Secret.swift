import Messages

extension ResourceDecoder {
    /// Reads `data` (base64) and `stringData`, which wins; complaints never show a value.
    func secret(_ fields: FieldDecoder) -> (values: [String: SecretValue], type: String?) {
        let type = fields.text("type")
        fields.ignore("immutable")
        var values: [String: SecretValue] = [:]
        _ = fields.fields("data") { data in
            for key in data.keys {
                checkKey(key, data)
                guard let text = data.text(key) else { continue }
                guard let value = SecretValue(base64: text) else {
                    data.complain(key, "expected base64; put plain text under stringData")
                    continue
                }
                values[key] = value
            }
            return true
        }
        _ = fields.fields("stringData") { data in
            for key in data.keys {
                checkKey(key, data)
                values[key] = data.text(key).map { SecretValue($0) } ?? values[key]
            }
            return true
        }
        return (values, type)
    }

    private func checkKey(_ key: String, _ fields: FieldDecoder) {
        guard !ResourceName.isSecretKey(key) else { return }
        fields.complain(key, "a key has only letters, digits, \"-\", \"_\" and \".\", at most 253 of them")
    }
}
