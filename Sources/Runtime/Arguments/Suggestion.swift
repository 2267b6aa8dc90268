/// Finds what was probably meant.
enum Suggestion {
    /// "; did you mean --timeout?", or nothing when no candidate is near.
    static func sentence(for word: String, among candidates: [String]) -> String {
        let near = candidates.map { (candidate: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
        guard let near, near.distance <= max(1, word.count / 3) || near.candidate.hasPrefix(word) else { return "" }
        return "; did you mean \(near.candidate)?"
    }

    /// Letters to insert, remove, replace or swap with their neighbour (optimal string alignment).
    static func distance(_ first: String, _ second: String) -> Int {
        let (a, b) = (Array(first), Array(second))
        guard !a.isEmpty && !b.isEmpty else { return max(a.count, b.count) }
        var previous = [Int](repeating: 0, count: b.count + 1)
        var row = Array(0...b.count)
        for i in 1...a.count {
            var next = [i]
            for j in 1...b.count {
                let replaced = row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                var best = min(row[j] + 1, next[j - 1] + 1, replaced)
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] { best = min(best, previous[j - 2] + 1) }
                next.append(best)
            }
            previous = row
            row = next
        }
        return row[b.count]
    }
}
