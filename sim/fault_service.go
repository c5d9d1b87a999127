package sim

// Kinds of Fault of the services around the server.
const (
	RefusePassword     = "RefusePassword"
	EventDeliveryFails = "EventDeliveryFails"
)

var serviceKinds = []FaultKind{
	{Name: RefusePassword, Description: "Correct credentials are answered with 401."},
	{
		Name: EventDeliveryFails, Description: "An event does not reach its subscriber; after some of them the subscription is disabled.",
		Source: "Dell's white paper on event subscriptions, 2019",
	},
}
