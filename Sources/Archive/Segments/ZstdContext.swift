import CZstd

/// The one owner of a libzstd compression context.
struct CompressionContext: ~Copyable {
    let pointer: OpaquePointer

    init(level: Int) throws(ArchiveError) {
        guard let pointer = ZSTD_createCCtx() else { throw zstdMemory() }
        do throws(ArchiveError) {
            _ = try checkZstd(ZSTD_CCtx_setParameter(pointer, ZSTD_c_compressionLevel, Int32(clamping: level)), "set the level")
            _ = try checkZstd(ZSTD_CCtx_setParameter(pointer, ZSTD_c_checksumFlag, 1), "switch the checksum on")
        } catch {
            ZSTD_freeCCtx(pointer)
            throw error
        }
        self.pointer = pointer
    }

    deinit { ZSTD_freeCCtx(pointer) }
}

/// The one owner of a libzstd decompression context.
struct DecompressionContext: ~Copyable {
    let pointer: OpaquePointer

    init() throws(ArchiveError) {
        guard let pointer = ZSTD_createDCtx() else { throw zstdMemory() }
        self.pointer = pointer
    }

    deinit { ZSTD_freeDCtx(pointer) }
}

/// Passes a result of libzstd on unless it is an error code.
func checkZstd(
    _ result: Int, _ action: @autoclosure () -> String, else code: ArchiveError.Code = .exhausted
) throws(ArchiveError) -> Int {
    guard ZSTD_isError(result) == 0 else {
        throw ArchiveError(code, "zstd cannot \(action()): \(String(cString: ZSTD_getErrorName(result)))")
    }
    return result
}

private func zstdMemory() -> ArchiveError {
    ArchiveError(.exhausted, "zstd cannot allocate its context: give this process more memory or run fewer units at once")
}
