import Console
import Messages
import Runtime
import Snapshots

/// What a verification found, for people and for programs.
enum VerificationText {
    static func progress(_ progress: Verification.Progress) -> String {
        "\(FigureText.exact(progress.segmentsRead)) of \(FigureText.counted(progress.segments, "segment", "segments")), "
            + "\(ByteCount(progress.bytesRead)) of \(ByteCount(progress.bytes))"
    }

    static func lines(_ report: VerificationReport) -> [String] {
        var lines = report.findings.map(line)
        if report.furtherFindings > 0 { lines.append("and \(FigureText.exact(report.furtherFindings)) more") }
        let read =
            report.mode == "quick"
            ? "sizes of \(FigureText.counted(report.segments, "segment", "segments")) compared"
            : "\(FigureText.exact(report.segmentsRead)) of \(FigureText.counted(report.segments, "segment", "segments")) read, "
                + "\(ByteCount(report.bytesRead))"
        let sample = report.seed.map { ", seed \($0)" } ?? ""
        lines.append(
            "\(report.mode): \(FigureText.exact(report.wholeSnapshots)) of "
                + "\(FigureText.counted(report.snapshots, "snapshot", "snapshots")) whole; "
                + "\(FigureText.counted(report.manifests, "manifest", "manifests")), \(read)\(sample)"
                + (report.isWhole
                    ? ""
                    : report.lostDocuments == 0
                        ? "; the others are damaged as said above"
                        : "; \(FigureText.documents(report.lostDocuments)) cannot be read: sheaf repo repair tells which"))
        return lines
    }

    private static func line(_ finding: VerificationReport.Finding) -> String {
        let place = [
            "snapshot \(finding.snapshot)", finding.index.map { "index \($0)" }, finding.segment.map { "segment \($0)" },
            finding.frame.map { "frame \($0)" },
        ].compactMap { $0 }.joined(separator: ", ")
        let documents = finding.documents > 0 ? " (\(FigureText.documents(finding.documents)))" : ""
        return "\(finding.kind.rawValue): \(place)\(documents): \(finding.cause)"
    }

    static func json(_ finding: VerificationReport.Finding) -> JSONValue {
        [
            "type": "finding", "kind": .string(finding.kind.rawValue), "snapshot": .string(finding.snapshot),
            "index": finding.index.map { .string($0) } ?? .null, "segment": finding.segment.map { .string($0) } ?? .null,
            "frame": finding.frame.map { JSONValue($0) } ?? .null, "documents": JSONValue(finding.documents),
            "cause": .string(finding.cause),
        ]
    }

    static func json(_ report: VerificationReport) -> JSONValue {
        [
            "type": "verification", "mode": .string(report.mode), "percent": report.percent.map { JSONValue($0) } ?? .null,
            "seed": report.seed.map { JSONValue($0) } ?? .null, "at": .string(report.at.description),
            "finishedAt": .string(report.finishedAt.description), "snapshots": JSONValue(report.snapshots),
            "wholeSnapshots": JSONValue(report.wholeSnapshots), "manifests": JSONValue(report.manifests),
            "segments": JSONValue(report.segments), "storedBytes": JSONValue(report.storedBytes),
            "segmentsRead": JSONValue(report.segmentsRead), "bytesRead": JSONValue(report.bytesRead),
            "findings": JSONValue(report.findings.count + report.furtherFindings), "isWhole": JSONValue(report.isWhole),
        ]
    }
}
