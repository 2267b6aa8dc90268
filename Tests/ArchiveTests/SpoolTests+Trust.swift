import FoundationEssentials
import Glibc
import Testing

@testable import Archive

/// Who may have prepared a spool folder, and who holds up its users.
extension SpoolTests {
    private func mode(of path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    private func refusal(_ path: String, _ origin: Spool.Origin) -> ArchiveError? {
        #expect(throws: ArchiveError.self) { _ = try Spool(in: path, limit: 1, origin: origin) }
    }

    @Test func aTemporaryFolderIsThisUsersAlone() throws {
        let spool = try Spool(in: parent, limit: 1, origin: .temporary)
        #expect(mode(of: parent) == 0o700 && mode(of: spool.folder) == 0o700)
        // Of an earlier version.
        #expect(chmod(parent, 0o750) == 0)
        _ = try Spool(in: parent, limit: 1, origin: .temporary)
        #expect(mode(of: parent) == 0o700)
    }

    @Test(arguments: [0o2777, 0o1777, 0o770, 0o702] as [mode_t])
    func aTemporaryFolderThatOthersCanWriteToIsRefused(_ mode: mode_t) throws {
        let path = try folder.makeFolder("open")
        #expect(chmod(path, mode) == 0)
        let error = refusal(path, .temporary)
        #expect(error?.code == .accessDenied && error?.message.contains("\(path) can be written to by others") == true)
        #expect(error?.message.contains("--spool") == true)
        #expect(try folder.names(in: "open").isEmpty)
    }

    @Test func aTemporaryFolderOfAnotherUserIsRefused() throws {
        var path = "/usr"
        if geteuid() == 0 {
            path = try folder.makeFolder("foreign")
            #expect(chmod(path, 0o700) == 0 && chown(path, 65_534, 65_534) == 0)
        }
        #expect(refusal(path, .temporary)?.message.contains("belongs to another user") == true)
        let target = try folder.makeFolder("target")
        #expect(chmod(target, 0o700) == 0 && symlink(target, "\(folder.path)/link") == 0)
        #expect(refusal("\(folder.path)/link", .temporary)?.message.contains("is no folder") == true)
    }

    @Test func aChosenFolderMayBeAGroupsAndInEverybodysItIsOnesOwn() throws {
        let path = try folder.makeFolder("chosen")
        for mode in [0o755, 0o770, 0o2770] as [mode_t] {
            #expect(chmod(path, mode) == 0)
            let spool = try Spool(in: path, limit: 1)
            #expect(self.mode(of: spool.folder) & 0o777 == 0o700 && self.mode(of: path) == mode)
        }
        for mode in [0o777, 0o1777] as [mode_t] {
            #expect(chmod(path, mode) == 0)
            let spool = try Spool(in: path, limit: 1)
            let own = "\(path)/sheaf-\(geteuid())"
            #expect(spool.folder.hasPrefix(own + "/") && self.mode(of: own) == 0o700)
        }
    }

    @Test func whatOthersPreparedInEverybodysFolderIsRefused() throws {
        let path = try folder.makeFolder("chosen")
        let own = try folder.makeFolder("chosen/sheaf-\(geteuid())")
        #expect(chmod(path, 0o1777) == 0 && chmod(own, 0o777) == 0)
        let error = refusal(path, .chosen)
        #expect(error?.code == .accessDenied && error?.message.contains("\(own) can be written to by others") == true)
    }

    @Test func aLockThatIsHeldIsNotWaitedForWithoutEnd() throws {
        _ = try folder.makeFolder("spool")
        let held = open("\(parent)/.lock", O_RDWR | O_CREAT, 0o666)
        try #require(held >= 0 && flock(held, LOCK_EX) == 0)
        defer { close(held) }
        let error = #expect(throws: ArchiveError.self) { _ = try Spool(in: parent, limit: 1, patience: .milliseconds(1)) }
        #expect(error?.code == .exists && error?.message.contains("spool folder \(parent) is locked") == true)
        #expect(flock(held, LOCK_UN) == 0)
        _ = try Spool(in: parent, limit: 1, patience: .zero)
    }

    @Test func whatIsNoFolderIsNotWiped() throws {
        _ = try folder.makeFolder("spool")
        _ = try folder.makeFolder("precious")
        _ = try folder.write([1], to: "precious/file")
        #expect(symlink("\(folder.path)/precious", "\(parent)/spool-99999999-0") == 0)
        _ = try Spool(in: parent, limit: 1)
        #expect(try folder.names(in: "precious") == ["file"])
    }

    @Test func aFolderThatCannotBeMadeIsNothingThatIsMissing() {
        let error = refusal("/proc/nope", .chosen)
        #expect(error?.code == .invalid && error?.message.contains("/proc/nope") == true)
    }
}
