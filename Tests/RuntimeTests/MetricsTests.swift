import Runtime
import Testing

@Suite struct MetricsTests {
    @Test func instrumentsAreWrittenByNameAndLabels() {
        let registry = MetricsRegistry()
        registry.makeCounter(name: "sessions_total", help: "Sessions ended.", labels: [("result", "ok"), ("kind", "backup")])
            .increment(by: 2)
        registry.makeCounter(name: "sessions_total", help: "Sessions ended.", labels: [("kind", "backup"), ("result", "ok")])
            .increment()
        registry.makeCounter(name: "sessions_total", help: "Sessions ended.", labels: [("kind", "a"), ("result", "x")]).increment(
            by: -1)
        let gauge = registry.makeGauge(name: "running", help: "Running now.")
        gauge.set(2.5)
        gauge.decrement()
        #expect(
            registry.exposition() == """
                # HELP running Running now.
                # TYPE running gauge
                running 1.5
                # HELP sessions_total Sessions ended.
                # TYPE sessions_total counter
                sessions_total{kind="a",result="x"} 0
                sessions_total{kind="backup",result="ok"} 3

                """)
    }

    @Test func histogramCountsUpToEachBound() {
        let registry = MetricsRegistry()
        let histogram = registry.makeHistogram(name: "d_seconds", help: "Time.", labels: [("k", "v")], buckets: [1, 0.5])
        histogram.observe(0.5)
        histogram.observe(.milliseconds(700))
        histogram.observe(9.0)
        #expect(
            registry.exposition() == """
                # HELP d_seconds Time.
                # TYPE d_seconds histogram
                d_seconds_bucket{k="v",le="0.5"} 1
                d_seconds_bucket{k="v",le="1"} 2
                d_seconds_bucket{k="v",le="+Inf"} 3
                d_seconds_sum{k="v"} 10.2
                d_seconds_count{k="v"} 3

                """)
    }

    @Test func familyIsReplacedWhole() {
        let registry = MetricsRegistry()
        var family = MetricFamily(name: "success", help: "Last.")
        family.add(1, labels: [("plan", "gone")])
        family.add(.nan, labels: [("plan", "b")])
        registry.replace(family)
        registry.replace(
            MetricFamily(name: "success", help: "Last.", samples: [.init(labels: [("plan", "a")], value: -.infinity)]))
        #expect(registry.exposition() == "# HELP success Last.\n# TYPE success gauge\nsuccess{plan=\"a\"} -Inf\n")
    }

    @Test func textIsEscaped() {
        let registry = MetricsRegistry()
        registry.makeGauge(name: "g", help: "a\\b\nc\"d", labels: [("l", "a\\b\nc\"d")]).set(1e300)
        #expect(registry.exposition() == "# HELP g a\\\\b\\nc\"d\n# TYPE g gauge\ng{l=\"a\\\\b\\nc\\\"d\"} 1e+300\n")
    }

    @Test func countsOfManyThreadsAreKept() async {
        let registry = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<1000 { registry.makeCounter(name: "c", help: "").increment() } }
            }
        }
        #expect(registry.makeCounter(name: "c", help: "").value == 4000)
    }
}
