package graph

import "github.com/google/uuid"

// InstanceID is the id of one task of one run: always the same for the same plan and label.
func InstanceID(planID, label string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(planID+"/"+label)).String()
}
