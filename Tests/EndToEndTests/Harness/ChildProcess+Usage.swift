import Foundation
import Glibc
import Testing

/// What the kernel says a program uses.
extension ChildProcess {
    /// Seconds of CPU since its start, its own and the kernel's for it.
    ///
    /// - Throws: when the program has ended.
    func cpuSeconds() throws -> Double {
        let stat = try String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
        // The name, in parentheses, may hold spaces: fields are counted behind it (proc(5): utime is 14, stime 15, 3 comes first).
        let fields = try #require(stat.split(separator: ")").last).split(separator: " ")
        let ticks = try #require(Int(fields[11])) + #require(Int(fields[12]))
        return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory in bytes (proc(5)): `own` is the process's alone, `file` is of its program and libraries, which the kernel holds once for
    /// all processes that run them.
    struct ResidentMemory {
        var own: Int
        var file: Int
    }

    /// - Throws: when the program has ended.
    func residentMemory() throws -> ResidentMemory {
        ResidentMemory(own: try status("RssAnon") + status("RssShmem"), file: try status("RssFile"))
    }

    /// The most resident memory that it ever had, program and libraries included, in bytes.
    ///
    /// - Throws: when the program has ended.
    func mostResidentMemory() throws -> Int { try status("VmHWM") }

    private func status(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8).split(separator: "\n")
        let line = try #require(status.first { $0.hasPrefix("\(name):") }, "process \(id) has no memory")
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) * 1024
    }
}
