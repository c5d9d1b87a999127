package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// page is one part of a list. A top of 0 is all.
type page struct{ skip, top int }

func pageOf(skip, top *int) (page, error) {
	var p page
	if skip != nil {
		p.skip = *skip
	}
	if top != nil {
		p.top = *top
	}
	if p.skip < 0 || top != nil && p.top < 1 {
		return page{}, refuse(http.StatusBadRequest, "$skip should be 0 or more, and $top 1 or more")
	}
	return p, nil
}

func cut[T any](list []T, p page) []T {
	list = list[min(p.skip, len(list)):]
	if p.top > 0 {
		list = list[:min(p.top, len(list))]
	}
	return list
}

// setLinks tells the client the other pages (RFC 8288), if it asked for a page.
func setLinks(c echo.Context, p page, total int) {
	if p == (page{}) {
		return
	}
	top := p.top
	if top == 0 {
		top = max(total, 1)
	}
	last := max(total-1, 0) / top * top
	links := []string{pageLink(c, 0, top, "first"), pageLink(c, last, top, "last")}
	if p.skip > 0 {
		links = append(links, pageLink(c, max(p.skip-top, 0), top, "prev"))
	}
	if total-p.skip > top {
		links = append(links, pageLink(c, p.skip+top, top, "next"))
	}
	c.Response().Header().Set("Link", strings.Join(links, ", "))
}

// pageLink keeps the other parameters of the query, such as filters.
func pageLink(c echo.Context, skip, top int, rel string) string {
	query := url.Values{}
	for name, values := range c.QueryParams() {
		if name != "$skip" && name != "$top" {
			query[name] = values
		}
	}
	parameters := fmt.Sprintf("$skip=%d&$top=%d", skip, top)
	if len(query) > 0 {
		parameters = query.Encode() + "&" + parameters
	}
	return fmt.Sprintf(`<%s?%s>; rel="%s"`, c.Request().URL.EscapedPath(), parameters, rel)
}
