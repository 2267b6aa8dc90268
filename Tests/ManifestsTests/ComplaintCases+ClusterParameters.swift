extension ComplaintCases {
    private static func cluster(_ sheaf: String) -> String {
        appBinding("{clientConfig: {url: \"http://a:1\"}, parameters: {stash: {any: thing}, sheaf:\n\(sheaf)\n}}")
    }

    static let clusterParameters: [Case] = [
        Case(
            "sheaf's parameters",
            cluster("{endpoints: [\"https://b:1\"], signing: {service: aoss, region: r}, reader: scroll, version: \"2.3\"}")),
        Case(
            "an unknown parameter", cluster("{endpoint: x}"),
            "3:2: warning: spec.parameters.sheaf.endpoint: not a field that Sheaf knows; it is kept and has no effect"),
        Case(
            "an endpoint with a password", cluster("{endpoints: [\"https://b:1\", \"http://u:p@c\"]}"),
            "3:13: error: spec.parameters.sheaf.endpoints: address 2: the address must not contain a user or a password; put them in the AppBinding's secret"
        ),
        Case(
            "signing without region", cluster("{signing: {service: s3}}"),
            "3:11: error: spec.parameters.sheaf.signing.region: expected a region, such as eu-central-1, found nothing",
            "3:21: error: spec.parameters.sheaf.signing.service: expected es or aoss, found \"s3\""),
        Case(
            "an unknown distribution", cluster("{distribution: solr, version: latest}"),
            "3:16: error: spec.parameters.sheaf.distribution: expected elasticsearch or opensearch, found \"solr\"",
            "3:31: error: spec.parameters.sheaf.version: expected a version such as \"8.19.2\", found \"latest\""),
    ]
}
