/// Where walks through a container can go on: the service knows no "after this key", only markers that it gave itself. A pure value.
///
/// Without them each page would be read from the prefix's beginning again. A marker names the blob that came next when its page was made, so what
/// was put right before that since is missed, as by any walk that is under way. It therefore serves once, and not for long.
struct ListMarkers {
    private struct Place: Hashable {
        let prefix: String
        let after: ObjectKey
    }

    private struct Marker {
        let text: String
        let given: Duration
    }

    /// Walks at one time; the oldest is forgotten, and its next page read from the beginning.
    static let capacity = 64
    static let life = Duration.seconds(60)

    private var markers: [Place: Marker] = [:]

    /// - Parameter now: on a clock that never goes back.
    mutating func take(_ prefix: String, after: ObjectKey, at now: Duration) -> String? {
        guard let marker = markers.removeValue(forKey: Place(prefix: prefix, after: after)), now - marker.given < ListMarkers.life
        else {
            return nil
        }
        return marker.text
    }

    /// - Parameter last: of the page that ended with this marker.
    mutating func keep(_ text: String, _ prefix: String, after last: ObjectKey, at now: Duration) {
        if markers.count >= ListMarkers.capacity, let oldest = markers.min(by: { $0.value.given < $1.value.given }) {
            markers[oldest.key] = nil
        }
        markers[Place(prefix: prefix, after: last)] = Marker(text: text, given: now)
    }
}
