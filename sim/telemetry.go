package sim

import (
	"fmt"
	"strconv"
	"time"
)

const (
	telemetryURI   = rootURI + "/TelemetryService"
	reportsURI     = telemetryURI + "/MetricReports"
	definitionsURI = telemetryURI + "/MetricReportDefinitions"
)

// report is one metric report of an iDRAC, and the readings in it.
type report struct {
	id       string
	readings func(sensor) bool
}

var reports = []report{
	{"PowerMetrics", func(x sensor) bool { return x.kind == "Power" }},
	{"ThermalSensor", func(x sensor) bool { return x.kind == "Temperature" || x.kind == "Rotational" }},
}

// reportSetting is what a client can change of a report.
type reportSetting struct {
	enabled bool
	seconds int // between two reports
}

func newReportSettings() map[string]reportSetting {
	settings := map[string]reportSetting{}
	for _, r := range reports {
		settings[r.id] = reportSetting{enabled: true, seconds: 60}
	}
	return settings
}

func (t table) addTelemetry(g *generation) {
	if !g.telemetry {
		return
	}
	t[telemetryURI] = resource{get: (*Server).telemetryService}
	var reportURIs, definitionURIs []string
	for _, r := range reports {
		reportURIs = append(reportURIs, reportsURI+"/"+r.id)
		definitionURIs = append(definitionURIs, definitionsURI+"/"+r.id)
		t[reportsURI+"/"+r.id] = resource{get: r.doc}
		t[definitionsURI+"/"+r.id] = resource{get: r.definition, patch: r.patchDefinition}
	}
	t[reportsURI] = resource{get: func(*Server) doc {
		return collection(reportsURI, "MetricReport", "Metric Report Collection", reportURIs...)
	}}
	t[definitionsURI] = resource{get: func(*Server) doc {
		return collection(definitionsURI, "MetricReportDefinition", "Metric Report Definition Collection", definitionURIs...)
	}}
}

func (s *Server) telemetryService() doc {
	body := described(telemetryURI, "TelemetryService", "v1_3_2", "TelemetryService", "Telemetry Service")
	body["Description"] = "Telemetry Service"
	body["ServiceEnabled"] = true
	body["MinCollectionInterval"] = "PT5S"
	body["MaxReports"] = len(reports)
	body["MetricReports"] = ref(reportsURI)
	body["MetricReportDefinitions"] = ref(definitionsURI)
	body["Status"] = healthy()
	return body
}

func (s *Server) reportSetting(id string) reportSetting {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reports[id]
}

// doc has the readings of the last full interval.
func (r report) doc(s *Server) doc {
	setting := s.reportSetting(r.id)
	interval := time.Duration(setting.seconds) * time.Second
	at := time.Now().Truncate(interval)
	body := described(reportsURI+"/"+r.id, "MetricReport", "v1_5_0", r.id, r.id+" Metric Report")
	body["Description"] = r.id + " Metric Report"
	body["ReportSequence"] = strconv.FormatInt(at.Unix()/int64(setting.seconds), 10)
	body["Timestamp"] = at.Format(time.RFC3339)
	body["MetricReportDefinition"] = ref(definitionsURI + "/" + r.id)
	values := []doc{}
	for _, x := range sensors {
		if setting.enabled && r.readings(x) {
			values = append(values, doc{
				"MetricId": x.id, "MetricValue": fmt.Sprint(x.read(s, at)), "Timestamp": at.Format(time.RFC3339),
				"MetricProperty": sensorURI(x.id) + "#/Reading",
			})
		}
	}
	body["MetricValues"], body["MetricValues@odata.count"] = values, len(values)
	return body
}

func (r report) definition(s *Server) doc {
	setting := s.reportSetting(r.id)
	body := described(definitionsURI+"/"+r.id, "MetricReportDefinition", "v1_4_2", r.id, r.id+" Metric Report Definition")
	body["Description"] = r.id + " Metric Report Definition"
	body["MetricReportDefinitionType"] = "Periodic"
	body["MetricReportDefinitionEnabled"] = setting.enabled
	body["MetricReport"] = ref(reportsURI + "/" + r.id)
	body["ReportActions"] = []string{"LogToMetricReportsCollection"}
	body["ReportUpdates"] = "Overwrite"
	body["Schedule"] = doc{"RecurrenceInterval": fmt.Sprintf("PT%dS", setting.seconds)}
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	return body
}

func (r report) patchDefinition(s *Server, body doc) error {
	setting := s.reportSetting(r.id)
	for name := range body {
		if name != "MetricReportDefinitionEnabled" && name != "Schedule" {
			return refusePatch(name, r.definition(s))
		}
	}
	var err error
	if setting.enabled, err = flag(body, "MetricReportDefinitionEnabled", setting.enabled); err != nil {
		return err
	}
	if schedule, ok := body["Schedule"].(doc); ok {
		if setting.seconds, err = recurrence(schedule, setting.seconds); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports[r.id] = setting
	return nil
}

// recurrence reads the form PTnS, or PTnM, of an ISO 8601 duration.
func recurrence(schedule doc, fallback int) (int, error) {
	const name = "Schedule/RecurrenceInterval"
	value, err := text(schedule, "RecurrenceInterval")
	if err != nil || value == "" {
		return fallback, err
	}
	var count int
	var unit string
	if n, err := fmt.Sscanf(value, "PT%d%1s", &count, &unit); err != nil || n != 2 || (unit != "S" && unit != "M") {
		return 0, refuseFormat(value, name)
	}
	if unit == "M" {
		count *= 60
	}
	if count < 5 || count > 24*60*60 {
		return 0, refuseRange(value, name, 5, 24*60*60)
	}
	return count, nil
}
