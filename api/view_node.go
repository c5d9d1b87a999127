package api

import (
	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/store"
)

func nodePath(id string) string { return basePath + "/nodes/" + id }

// nodeView is a node as RackHD's node.2.0 view shows it: with paths in place of
// what belongs to it.
func nodeView(s store.Server, obms []store.OBM) v2.Node {
	path := nodePath(s.ID)
	view := v2.Node{
		ID: s.ID, Name: s.Name, Type: s.Type, AutoDiscover: s.AutoDiscover,
		Identifiers: list(s.Identifiers), Relations: relationViews(s.Relations),
		Obms: []v2.ResourceRef{}, Ibms: []v2.ResourceRef{},
		Catalogs: path + "/catalogs", Pollers: path + "/pollers", Tags: path + "/tags", Workflows: path + "/workflows",
	}
	for _, o := range obms {
		view.Obms = append(view.Obms, v2.ResourceRef{Service: o.Service, Ref: basePath + "/obms/" + o.ID})
	}
	if s.SKU != "" {
		sku := basePath + "/skus/" + s.SKU
		view.Sku = &sku
	}
	return view
}

// nodeDocument is a node as it is stored, which RackHD shows after a change.
func nodeDocument(s store.Server) v2.NodeDocument {
	doc := v2.NodeDocument{
		ID: s.ID, Name: s.Name, Type: s.Type, AutoDiscover: s.AutoDiscover,
		Identifiers: list(s.Identifiers), Relations: relationViews(s.Relations), Tags: list(s.Tags),
		CreatedAt: s.Created, UpdatedAt: s.Updated,
	}
	if s.SKU != "" {
		doc.Sku = &s.SKU
	}
	return doc
}

// list keeps an empty list from becoming null.
func list[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

func relationViews(relations []store.Relation) []v2.Relation {
	views := []v2.Relation{}
	for _, r := range relations {
		views = append(views, v2.Relation{RelationType: r.RelationType, Info: r.Info, Targets: list(r.Targets)})
	}
	return views
}

func relationsOf(views []v2.Relation) []store.Relation {
	var relations []store.Relation
	for _, v := range views {
		relations = append(relations, store.Relation{RelationType: v.RelationType, Info: v.Info, Targets: v.Targets})
	}
	return relations
}
