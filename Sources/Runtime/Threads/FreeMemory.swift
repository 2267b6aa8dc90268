import CMalloc

/// Memory that the C library keeps for the next allocation.
package enum FreeMemory {
    /// Gives it back to the kernel. Takes milliseconds; worth it only where nothing is to be done for long.
    package static func giveBack() {
        malloc_trim(0)
    }
}
