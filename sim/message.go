package sim

import (
	"fmt"
	"net/http"
	"strings"
)

// messageKey names a message of a registry. Its id holds the registry's version too,
// which depends on the generation.
type messageKey struct{ registry, key string }

const (
	baseRegistry = "Base"
	dellRegistry = "IDRAC"
)

func (g *generation) messageID(m messageKey) string {
	version := g.dellVersion
	if m.registry == baseRegistry {
		version = g.baseVersion
	}
	return m.registry + "." + version + "." + m.key
}

// refusal is a Redfish error answer.
type refusal struct {
	status     int
	id         messageKey
	message    string
	args       []string
	resolution string
	severity   string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.id.key, r.message) }

func (r *refusal) body(g *generation) doc {
	return doc{"error": doc{
		"code":                  g.messageID(messageKey{baseRegistry, "GeneralError"}),
		"message":               "A general error has occurred. See ExtendedInfo for more information.",
		"@Message.ExtendedInfo": []doc{extendedInfo(g.messageID(r.id), r.message, r.severity, r.resolution, r.args)},
	}}
}

func extendedInfo(id, message, severity, resolution string, args []string) doc {
	if args == nil {
		args = []string{}
	}
	return doc{
		"MessageId":                     id,
		"Message":                       message,
		"MessageArgs":                   args,
		"MessageArgs@odata.count":       len(args),
		"RelatedProperties":             []string{},
		"RelatedProperties@odata.count": 0,
		"Resolution":                    resolution,
		"Severity":                      severity,
	}
}

// writeSuccess answers a write that has nothing else to say.
func (s *Server) writeSuccess(w http.ResponseWriter) {
	writeJSON(w, http.StatusOK, doc{"@Message.ExtendedInfo": []doc{
		extendedInfo(s.gen.messageID(messageKey{dellRegistry, "SYS413"}), "The operation successfully completed.", "OK", "No response action is required.", nil),
		extendedInfo(s.gen.messageID(messageKey{baseRegistry, "Success"}), "The request completed successfully.", "OK", "None.", nil),
	}})
}

func baseRefusal(status int, key, message, resolution string, args ...string) *refusal {
	return &refusal{status, messageKey{baseRegistry, key}, message, args, resolution, "Critical"}
}

func dellRefusal(status int, key, message, resolution string, args ...string) *refusal {
	return &refusal{status, messageKey{dellRegistry, key}, message, args, resolution, "Critical"}
}

func refuseMissing(uri string) *refusal {
	return baseRefusal(http.StatusNotFound, "ResourceMissingAtURI",
		fmt.Sprintf("The resource at the URI %s was not found.", uri),
		"Place a valid resource at the URI or correct the URI and resubmit the request.", uri)
}

func refuseMethod(method string) *refusal {
	return baseRefusal(http.StatusMethodNotAllowed, "OperationNotAllowed",
		fmt.Sprintf("The HTTP method %s is not allowed on this resource.", method),
		"The Allow header lists the methods that can be used on this resource.")
}

func refuseAccess() *refusal {
	return baseRefusal(http.StatusUnauthorized, "AccessDenied",
		"The authentication credentials included with this request are missing or invalid.",
		"Attempt to ensure that the URI is correct and that the service has the appropriate credentials.")
}

func refusePrivilege() *refusal {
	return baseRefusal(http.StatusForbidden, "InsufficientPrivilege",
		"There are insufficient privileges for the account or credentials associated with the current session to perform the requested operation.",
		"Either abandon the operation or change the associated access rights and resubmit the request.")
}

func refusePrecondition() *refusal {
	return baseRefusal(http.StatusPreconditionFailed, "PreconditionFailed",
		"The ETag supplied did not match the ETag required to change this resource.",
		"Try the operation again using the appropriate ETag, or without one on an action.")
}

func refuseMalformed() *refusal {
	return baseRefusal(http.StatusBadRequest, "MalformedJSON",
		"The request body submitted was malformed JSON and could not be parsed by the receiving service.",
		"Ensure that the request body is valid JSON and resubmit the request.")
}

func refuseMissingProperty(name string) *refusal {
	return baseRefusal(http.StatusBadRequest, "ActionParameterMissing",
		fmt.Sprintf("The action requires the parameter %s to be present in the request body.", name),
		"Supply the action with the required parameter in the request body.", name)
}

func refuseUnknownProperty(name string) *refusal {
	return baseRefusal(http.StatusBadRequest, "PropertyUnknown",
		fmt.Sprintf("The property %s is not in the list of valid properties for the resource.", name),
		"Remove the unknown property from the request body and resubmit the request.", name)
}

func refuseReadOnly(name string) *refusal {
	return baseRefusal(http.StatusBadRequest, "PropertyNotWritable",
		fmt.Sprintf("The property %s is a read only property and cannot be assigned a value.", name),
		"Remove the property from the request body and resubmit the request.", name)
}

func refuseValue(value, name string, allowed []string) *refusal {
	return baseRefusal(http.StatusBadRequest, "PropertyValueNotInList",
		fmt.Sprintf("The value %q for the property %s is not in the list of acceptable values.", value, name),
		"Choose a value from the enumeration list: "+strings.Join(allowed, ", ")+".", value, name)
}

func refuseType(name string) *refusal {
	return baseRefusal(http.StatusBadRequest, "PropertyValueTypeError",
		fmt.Sprintf("The value for the property %s is of a different type than the property can accept.", name),
		"Correct the value for the property in the request body and resubmit the request.", name)
}

// refuseState is what an iDRAC says to a Reset that makes no sense in the host's
// current power state.
func refuseState(power string) *refusal {
	return dellRefusal(http.StatusConflict, "PSU501",
		fmt.Sprintf("Unable to perform the requested power action because the server is already %s.", power),
		"Read the power state, and repeat the operation only if it is still needed.", power)
}
