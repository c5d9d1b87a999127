package standalone

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// uiTimeout bounds the wait for the Web UI, which is up in milliseconds.
const uiTimeout = 10 * time.Second

// webUI is Temporal's Web UI on its own port.
type webUI struct {
	server *uiserver.Server
	done   chan struct{}
}

// startUI returns when the Web UI answers. Its port must be free: the Web UI
// ends the process when it cannot listen.
func startUI(ctx context.Context, cfg Config) (*webUI, error) {
	host, _, _ := net.SplitHostPort(cfg.UIAddr)
	ui := &webUI{
		server: uiserver.NewServer(uioptions.WithConfigProvider(uiConfig(cfg, host))),
		done:   make(chan struct{}),
	}
	go func() {
		defer close(ui.done)
		_ = ui.server.Start() // It returns nothing but nil.
	}()
	if err := awaitHTTP(ctx, "http://"+cfg.UIAddr+"/healthz"); err != nil {
		ui.stop()
		return nil, fmt.Errorf("start the Web UI: %w", err)
	}
	return ui, nil
}

func (ui *webUI) stop() {
	ui.server.Stop()
	<-ui.done
}

func uiConfig(cfg Config, host string) *uiconfig.Config {
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		host = "[" + host + "]" // The Web UI joins host and port with a plain colon.
	}
	return &uiconfig.Config{
		TemporalGRPCAddress: cfg.FrontendAddr,
		Host:                host,
		Port:                port(cfg.UIAddr),
		PublicPath:          cfg.UIPublicPath,
		DefaultNamespace:    cfg.Namespace,
		EnableUI:            true,
		HideLogs:            true,
		// The page would fetch news from temporal.io and look for new versions there.
		DisableNewsFetch:   true,
		NotifyOnNewVersion: false,
		// On loopback, and behind a proxy without TLS, a Secure cookie is not sent
		// back, and without it every action on the page fails.
		CORS: uiconfig.CORS{CookieInsecure: true},
	}
}

// awaitHTTP returns when a GET of url is answered with 200.
func awaitHTTP(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, uiTimeout)
	defer cancel()
	const pause = 5 * time.Millisecond
	for {
		err := getOK(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer in %s: %w", uiTimeout, err)
		case <-time.After(pause):
		}
	}
}

func getOK(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return nil
}
