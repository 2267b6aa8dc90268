import Runtime

extension CivilDate {
    /// 0 is Sunday, as in cron.
    static func weekday(ofDay daysSinceEpoch: Int) -> Int {
        (daysSinceEpoch + 4).flooredRemainder(by: 7)
    }

    /// The first day of the month after this one, in days since 1970.
    var startOfNextMonth: Int {
        daysSinceEpoch - day + 1 + Self.days(inMonth: month, of: year)
    }
}

extension Int {
    /// Division that rounds down, so that times before 1970 fall on the right day.
    func flooredQuotient(by divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    func flooredRemainder(by divisor: Int) -> Int {
        self - flooredQuotient(by: divisor) * divisor
    }
}
