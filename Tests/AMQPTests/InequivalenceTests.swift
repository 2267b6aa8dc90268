import Testing

@testable import AMQP

/// The words of RabbitMQ 3.10 about a declaration that differs.
@Suite struct InequivalenceTests {
    @Test(
        arguments: [
            (
                "PRECONDITION_FAILED - inequivalent arg 'x-delivery-limit' for queue 'q' in vhost '/': received '20' but current is '10'",
                "exists with 'x-delivery-limit' 10 instead of 20"
            ),
            (
                "PRECONDITION_FAILED - inequivalent arg 'x-delivery-limit' for queue 'q' in vhost '/': received none but current is"
                    + " the value '20' of type 'signedint'",
                "exists with 'x-delivery-limit' 20, which is not to be there"
            ),
            (
                "PRECONDITION_FAILED - inequivalent arg 'x-overflow' for queue 'it's' in vhost 'a'b': received the value"
                    + " 'reject-publish' of type 'longstr' but current is none",
                "exists without 'x-overflow', which is to be reject-publish"
            ),
            (
                "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'x' in vhost '/': received 'topic' but current is 'fanout'",
                "exists with 'type' fanout instead of topic"
            ),
        ])
    func bothValuesAreTold(text: String, sentence: String) throws {
        #expect(try #require(Inequivalence(text)).sentence == sentence)
    }

    @Test func theVirtualHostIsPartOfTheWayOut() {
        let text = "inequivalent arg 'durable' for queue 'q' in vhost 'shop': received 'false' but current is 'true'"
        let request = ChannelRequest.declareQueue(
            name: "q", durable: false, exclusive: false, autoDelete: false, passive: false, arguments: [:])
        let error = AMQPError.refused(request, CloseReason(replyCode: 406, text: text, failedMethod: 0))
        #expect(error.message.contains("queue q exists with 'durable' true instead of false"))
        #expect(error.message.contains("rabbitmqctl delete_queue -p shop q --if-empty"))
    }

    @Test func otherTextsAreNone() { #expect(Inequivalence("PRECONDITION_FAILED - unknown delivery tag 5") == nil) }
}
