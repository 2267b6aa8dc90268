import Messages
import Runtime
import Testing

@testable import Scheduler

@Suite struct LoginBookTests {
    let now = Timestamp(millisecondsSinceEpoch: 1_795_442_531_000)

    func book(_ count: Int) -> LoginBook {
        var book = LoginBook()
        for number in 0..<count {
            book.begin(
                Sensitive("token \(number)"), id: "id \(number)", formToken: Sensitive("form \(number)"),
                at: now + .seconds(number))
        }
        return book
    }

    @Test func aLoginStandsForItsTokenForTwelveHours() throws {
        let book = book(1)
        let login = try #require(book.login("id 0", at: now))
        #expect(login.token.reveal() == "token 0")
        #expect(login.formToken.reveal() == "form 0")
        #expect(book.login("id 0", at: now + .seconds(12 * 3600 - 1)) != nil)
        #expect(book.login("id 0", at: now + .seconds(12 * 3600)) == nil)
        #expect(book.login("id 1", at: now) == nil)
        #expect(book.login("", at: now) == nil)
    }

    @Test func useDoesNotLengthenALogin() {
        let book = book(1)
        _ = book.login("id 0", at: now + .seconds(11 * 3600))
        #expect(book.login("id 0", at: now + .seconds(13 * 3600)) == nil)
    }

    @Test func aLoginThatIsEndedIsGone() {
        var book = book(2)
        book.end("id 0")
        book.end("never")
        #expect(book.login("id 0", at: now) == nil)
        #expect(book.login("id 1", at: now) != nil)
    }

    @Test func theOldestMakesPlaceForTheThousandAndFirst() {
        let book = book(LoginBook.limit + 1)
        #expect(book.count == LoginBook.limit)
        #expect(book.login("id 0", at: now) == nil)
        #expect(book.login("id 1", at: now) != nil)
        #expect(book.login("id \(LoginBook.limit)", at: now) != nil)
    }

    @Test func whatIsOverMakesPlaceFirst() {
        var book = book(10)
        book.begin(Sensitive("t"), id: "new", formToken: Sensitive("f"), at: now + .seconds(13 * 3600))
        #expect(book.count == 1)
    }

    @Test func wrongTokensArePaidFromAPurse() {
        var book = LoginBook()
        for _ in 0..<LoginBook.purse {
            #expect(book.wait(at: now) == nil)
            book.recordFailure(at: now)
        }
        #expect(book.wait(at: now) == .seconds(3))
        #expect(book.wait(at: now + .seconds(2)) == .seconds(1))
        // One has come back, and is spent.
        #expect(book.wait(at: now + .seconds(3)) == nil)
        book.recordFailure(at: now + .seconds(3))
        #expect(book.wait(at: now + .seconds(3)) == .seconds(3))
    }

    @Test func thePurseFillsAgainButNotBeyond() {
        var book = LoginBook()
        for _ in 0..<LoginBook.purse { book.recordFailure(at: now) }
        let later = now + .seconds(3600)
        for _ in 0..<LoginBook.purse {
            #expect(book.wait(at: later) == nil)
            book.recordFailure(at: later)
        }
        #expect(book.wait(at: later) == .seconds(3))
    }
}
