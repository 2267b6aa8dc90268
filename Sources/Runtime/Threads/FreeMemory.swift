import CMalloc

/// Memory that the C library keeps for the next allocation.
package enum FreeMemory {
    /// Gives it back to the kernel. Takes milliseconds; worth it only where nothing is to be done for long.
    package static func giveBack() {
        malloc_trim(0)
    }

    /// Lets all threads share two pools instead of one each: what one keeps, another can use. To be called before there are threads.
    package static func share() {
        mallopt(M_ARENA_MAX, 2)
    }
}
