import API
import Pages
import Runtime
import Testing

/// What holds of every view, with much and with nothing in it, and whatever things are named.
@Suite struct EveryPageTests {
    static let names = (Samples().pages + Samples().emptyPages).map(\.name)

    /// Read once for all tests.
    static let pages = Dictionary(
        uniqueKeysWithValues: (Samples().pages + Samples().emptyPages).map { ($0.name, PageScan($0.markup.document)) })

    static let hostile: [String: (scan: PageScan, html: String)] = {
        var samples = Samples()
        samples.name = Samples.hostile
        samples.health = Health(
            broker: false, manifestErrors: [Samples.hostile], workersUp: 0, repositoriesDown: [Samples.hostile], version: "0")
        return Dictionary(
            uniqueKeysWithValues: (samples.pages + samples.emptyPages).map {
                ($0.name, (PageScan($0.markup.document), $0.markup.document))
            })
    }()

    @Test(arguments: names) func hostileNamesAddNothingButText(_ name: String) throws {
        let (scan, html) = try #require(Self.hostile[name])
        #expect(!html.contains("<script>"))
        #expect(!html.contains("<img"))
        for tag in scan.tags {
            for (attribute, value) in tag.attributes {
                #expect(!attribute.hasPrefix("on"), "\(tag.name) has \(attribute)")
                #expect(attribute != "style", "\(tag.name) has a style")
                if ["href", "src", "action", "data-events"].contains(attribute) {
                    #expect(value.hasPrefix("/") && !value.hasPrefix("//") || value.hasPrefix("#"), "\(attribute) \(value)")
                }
            }
        }
    }

    @Test(arguments: names) func nothingIsInline(_ name: String) throws {
        let scan = try #require(Self.pages[name])
        #expect(scan.all("style").isEmpty)
        for (script, _) in scan.inside("script") { #expect(script.attributes["src"] == "/assets/page.js") }
    }

    @Test(arguments: names) func everyFormThatChangesSomethingCarriesItsToken(_ name: String) throws {
        for (form, inner) in try #require(Self.pages[name]).inside("form") {
            let tokens = inner.filter { $0.name == "input" && $0.attributes["name"] == FormField.token }
            if form.attributes["method"] == "post" {
                #expect(tokens.map(\.attributes["value"]) == ["form-token"])
            } else {
                #expect(form.attributes["method"] == "get")
                #expect(tokens.isEmpty, "a token would stand in the address")
            }
        }
    }

    @Test(arguments: names) func everyFieldHasALabel(_ name: String) throws {
        let scan = try #require(Self.pages[name])
        let labelled = Set(scan.all("label").compactMap { $0.attributes["for"] })
        for field in scan.all("input", "select") where field.attributes["type"] != "hidden" {
            let id = try #require(field.attributes["id"])
            #expect(labelled.contains(id), "\(id) has no label")
        }
        for bar in scan.all("progress", "nav", "article") { #expect(bar.attributes["aria-label"]?.isEmpty == false) }
    }

    @Test(arguments: names) func idsAreUniqueAndWhatRefersToThemFindsThem(_ name: String) throws {
        let scan = try #require(Self.pages[name])
        let ids = scan.tags.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count, "\(ids.sorted())")
        for tag in scan.tags {
            for attribute in ["aria-labelledby", "aria-describedby"] {
                for id in tag.attributes[attribute]?.split(separator: " ") ?? [] { #expect(ids.contains(String(id)), "\(id)") }
            }
        }
        let live = scan.tags.compactMap { $0.attributes["data-live"] }
        #expect(Set(live).count == live.count, "\(live.sorted())")
    }

    @Test(arguments: names) func headingsAreInOrderAndLandmarksAreThere(_ name: String) throws {
        let scan = try #require(Self.pages[name])
        let levels = scan.all("h1", "h2", "h3").compactMap { Int($0.name.dropFirst()) }
        #expect(levels.first == 1)
        #expect(levels.count { $0 == 1 } == 1)
        for (before, after) in zip(levels, levels.dropFirst()) { #expect(after <= before + 1) }
        #expect(scan.all("main").count == 1)
        #expect(scan.all("html").first?.attributes["lang"] == "en")
        #expect(scan.all("a").first?.attributes["href"] == "#content")
    }

    @Test(arguments: names) func everyTableHasACaptionAndSaysWhatItsCellsAre(_ name: String) throws {
        for (_, inner) in try #require(Self.pages[name]).inside("table") {
            #expect(inner.contains { $0.name == "caption" })
            for cell in inner where cell.name == "th" && !cell.isEnd {
                #expect(["col", "row"].contains(cell.attributes["scope"]))
            }
        }
    }

    @Test(arguments: names) func tagsAreClosedInOrder(_ name: String) throws {
        let void = ["meta", "link", "input"]
        var open: [String] = []
        for tag in try #require(Self.pages[name]).tags where !void.contains(tag.name) {
            if tag.isEnd {
                #expect(open.popLast() == tag.name)
            } else {
                open.append(tag.name)
            }
        }
        #expect(open.isEmpty)
    }

    @Test(arguments: names) func timesAreReadableForPrograms(_ name: String) throws {
        for time in try #require(Self.pages[name]).all("time") {
            let text = try #require(time.attributes["datetime"])
            #expect(try Timestamp(parsing: text).description == text)
        }
    }
}
